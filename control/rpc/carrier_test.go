// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// carrier is a host that takes part in moves, and does what a test does not.
type carrier struct {
	host
	instead map[string]func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer // by the task's kind

	mu   sync.Mutex
	done []string // tasks
	last map[string]*apiv1.CarryTask
}

// carries has a host follow its tasks to the end of the test.
func (h *house) carries(c host, instead map[string]func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer) *carrier {
	h.t.Helper()
	k := &carrier{host: c, instead: instead, last: make(map[string]*apiv1.CarryTask)}
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	h.t.Cleanup(func() { cancel(); tasks.Wait() })
	in, err := c.Carry.Follow(ctx, connect.NewRequest(&apiv1.CarryServiceFollowRequest{}))
	if err != nil || !in.Receive() { // the first message tells that it is known
		h.t.Fatal(err, in.Err())
	}
	tasks.Go(func() {
		defer in.Close()
		for in.Receive() {
			t := in.Msg().GetTask()
			tasks.Go(func() {
				_, _ = c.Carry.Answer(ctx, connect.NewRequest(&apiv1.CarryServiceAnswerRequest{Task: t.GetId(), Answer: k.do(ctx, t)}))
			})
		}
	})
	return k
}

func (k *carrier) do(ctx context.Context, t *apiv1.CarryTask) *apiv1.CarryAnswer {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", t.GetWhat()), "*v1.CarryTask_")
	kind = strings.TrimPrefix(kind, "*apiv1.CarryTask_")
	k.mu.Lock()
	k.done = append(k.done, kind)
	k.last[kind] = t
	k.mu.Unlock()
	if do := k.instead[kind]; do != nil {
		return do(ctx, t)
	}
	switch {
	case t.GetRead() != nil:
		name := t.GetRead().GetContainer()
		return &apiv1.CarryAnswer{
			Container: "old", Name: name, Running: true, Spec: []byte("{}"), Digest: []byte("d"), Plan: &apiv1.MovePlan{Container: name},
		}
	case t.GetCheck() != nil:
		return &apiv1.CarryAnswer{Image: "sha256:1"}
	case t.GetMake() != nil:
		return &apiv1.CarryAnswer{Container: "new"}
	}
	return new(apiv1.CarryAnswer)
}

// asked returns the last task of a kind that it was given, or nil.
func (k *carrier) asked(kind string) *apiv1.CarryTask {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.last[kind]
}

// drives runs the controller's part of moves to the end of the test.
func (h *house) drives() {
	ctx, cancel := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	parts.Go(func() { _ = h.mover.Run(ctx) })
	h.t.Cleanup(func() { cancel(); parts.Wait() })
}

func planned(ctx context.Context, c *api.Client, name, to string) (*apiv1.MovePlan, error) {
	r, err := c.Moves.Plan(ctx, connect.NewRequest(&apiv1.MoveServicePlanRequest{Wish: &apiv1.MoveWish{Endpoint: name, To: to}}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	return r.Msg.GetPlan(), nil
}

// moved asks for a move and returns what is told of it.
func moved(ctx context.Context, c *api.Client, name, to string) (told []string, err error) {
	in, err := c.Moves.Move(ctx, connect.NewRequest(&apiv1.MoveServiceMoveRequest{Wish: &apiv1.MoveWish{Endpoint: name, To: to}}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	defer in.Close()
	for in.Receive() {
		told = append(told, in.Msg().GetText())
	}
	return told, api.FromRPC(in.Err())
}

// under lists the moves that are under way.
func (h *house) under(t *testing.T) []*apiv1.Move {
	t.Helper()
	r, err := h.local().Moves.List(t.Context(), connect.NewRequest(&apiv1.MoveServiceListRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	return r.Msg.GetMoves()
}
