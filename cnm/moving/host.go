// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/store/kv"
)

// Config is what a Host is made of; all fields but Publishes and Settle are needed.
type Config struct {
	Host   string // this chassis's name
	Allow  Allowed
	Docker Dialer
	Store  kv.Store // the host's own; keys under "moving/"
	Client apiv1connect.CarryServiceClient
	// Bulk opens a connection of its own, so that an image waits for nothing else
	// and nothing else for an image; the function closes it.
	Bulk func() (apiv1connect.CarryServiceClient, func())
	Log  *slog.Logger
	// Publishes: this host has a gateway, so that ports of containers in hot-plug
	// networks can be published here.
	Publishes bool

	Settle time.Duration // how long a container must run to count as started; 0: 1 s
}

// Host does this host's part of moves. Run it once.
type Host struct {
	cfg     Config
	docker  *engine
	journal journal
}

const settle = time.Second

// New makes a Host. The error has code Invalid when a part is missing.
func New(cfg Config) (*Host, error) {
	if cfg.Host == "" || cfg.Docker == nil || cfg.Store == nil || cfg.Client == nil || cfg.Bulk == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "make the host's part of moves", Message: "a part is not configured"}
	}
	if err := cfg.Allow.Validate(); err != nil {
		return nil, err
	}
	if cfg.Settle == 0 {
		cfg.Settle = settle
	}
	return &Host{cfg: cfg, docker: newEngine(cfg.Docker), journal: journal{cfg.Store}}, nil
}

// do does a task. Those of one move come one after the other.
func (h *Host) do(ctx context.Context, t *apiv1.CarryTask) (a *apiv1.CarryAnswer, err error) {
	if improper(t.GetMove()) || len(t.GetMove()) > maxMove {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "the move has no proper name"}
	}
	a = new(apiv1.CarryAnswer)
	switch {
	case t.GetRead() != nil:
		err = h.read(ctx, t.GetRead(), a)
	case t.GetCheck() != nil:
		err = h.check(ctx, t.GetCheck(), a)
	case t.GetGive() != nil:
		err = h.give(ctx, t.GetMove(), t.GetGive())
	case t.GetTake() != nil:
		err = h.take(ctx, t.GetMove(), t.GetTake(), a)
	case t.GetMake() != nil:
		err = h.make(ctx, t.GetMove(), t.GetMake(), a)
	case t.GetStop() != nil:
		err = h.stop(ctx, t.GetMove(), t.GetStop())
	case t.GetStart() != nil:
		err = h.start(ctx, t.GetMove(), t.GetStart())
	case t.GetLook() != nil:
		err = h.look(ctx, t.GetMove(), t.GetLook(), a)
	case t.GetRestore() != nil:
		err = h.restore(ctx, t.GetMove(), t.GetRestore())
	case t.GetRemove() != nil:
		err = h.remove(ctx, t.GetMove(), t.GetRemove())
	case t.GetForget() != nil:
		err = h.journal.drop(ctx, t.GetMove())
	default:
		err = &linkspan.Error{Code: linkspan.Invalid, Message: "this host does not know the task", Hint: "upgrade the hosts before the controllers"}
	}
	return a, err
}

// maxMove is the longest id of a move, in bytes.
const maxMove = 64
