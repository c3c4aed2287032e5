// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// The pauses between two tries to follow.
const (
	firstPause = 100 * time.Millisecond
	lastPause  = 2 * time.Second
)

// answerLimit is how long an answer may take to be told.
const answerLimit = 10 * time.Second

// Run follows the controller and does what it asks until ctx ends; it returns the
// context's error.
func (h *Host) Run(ctx context.Context) error {
	defer h.docker.close()
	pause := firstPause
	for ctx.Err() == nil {
		begun := time.Now()
		err := h.follow(ctx)
		if ctx.Err() != nil {
			break
		}
		if time.Since(begun) > lastPause {
			pause = firstPause
		}
		h.cfg.Log.Debug("tasks of moves are not followed", "error", err)
		timer := time.NewTimer(pause - rand.N(pause/2))
		select {
		case <-ctx.Done():
			timer.Stop()
		case <-timer.C:
		}
		pause = min(2*pause, lastPause)
	}
	return ctx.Err()
}

// follow does the tasks of one stream. Those under way end with it: the controller
// asks again.
func (h *Host) follow(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	in, err := h.cfg.Client.Follow(ctx, connect.NewRequest(&apiv1.CarryServiceFollowRequest{}))
	if err != nil {
		return api.FromRPC(err)
	}
	defer in.Close()
	last := make(map[string]chan struct{}) // by move: closed when its last task is done
	for in.Receive() {
		t := in.Msg().GetTask()
		if t == nil {
			continue
		}
		before, done := last[t.GetMove()], make(chan struct{})
		if changes(t) {
			last[t.GetMove()] = done
		}
		if t.GetForget() != nil {
			delete(last, t.GetMove())
		}
		tasks.Go(func() {
			defer close(done)
			if before != nil {
				<-before
			}
			h.serve(ctx, t)
		})
	}
	return api.FromRPC(in.Err())
}

// changes says whether a task is one of a move, of which each waits for the one
// before: the controller may have given that one up.
func changes(t *apiv1.CarryTask) bool { return t.GetRead() == nil && t.GetCheck() == nil }

// serve does a task and tells what came of it.
func (h *Host) serve(ctx context.Context, t *apiv1.CarryTask) {
	a, err := h.do(ctx, t)
	if err != nil {
		a = &apiv1.CarryAnswer{Error: err.Error(), Code: linkspan.CodeOf(err).String(), Hint: linkspan.HintOf(err)}
		if linkspan.CodeOf(err) == linkspan.Permission { // who is told of it may be who should not have asked
			h.cfg.Log.Warn("a task of a move is refused", "move", t.GetMove(), "error", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	_, err = h.cfg.Client.Answer(ctx, connect.NewRequest(&apiv1.CarryServiceAnswerRequest{Task: t.GetId(), Answer: a}))
	if err != nil && ctx.Err() == nil {
		h.cfg.Log.Debug("nobody waits for what came of a task", "move", t.GetMove(), "error", api.FromRPC(err))
	}
}
