// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// give sends an image in pieces; one that is not whole has no end.
func give(ctx context.Context, c host, move string, pieces [][]byte, whole bool) error {
	out := c.Carry.Give(ctx)
	for i, piece := range pieces {
		m := &apiv1.CarryServiceGiveRequest{Data: piece, End: whole && i == len(pieces)-1}
		if i == 0 {
			m.Move = move
		}
		if out.Send(m) != nil {
			break // the answer tells
		}
	}
	_, err := out.CloseAndReceive()
	return api.FromRPC(err)
}

func take(ctx context.Context, c host, move string) (image []byte, err error) {
	in, err := c.Carry.Take(ctx, connect.NewRequest(&apiv1.CarryServiceTakeRequest{Move: move}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	defer in.Close()
	for in.Receive() {
		if image = append(image, in.Msg().GetData()...); in.Msg().GetEnd() {
			return image, nil
		}
	}
	return image, api.FromRPC(in.Err())
}

func told(err error) *apiv1.CarryAnswer {
	if err == nil {
		return &apiv1.CarryAnswer{Image: "sha256:1"}
	}
	return &apiv1.CarryAnswer{Error: err.Error(), Code: linkspan.CodeOf(err).String()}
}

// An image goes from one host to the other, whole or not at all, and to no other host.
func TestCarry(t *testing.T) {
	for name, whole := range map[string]bool{"whole": true, "broken off": false} {
		t.Run(name, func(t *testing.T) {
			h := build(t)
			h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
			web := h.network("web", "10.7.0.0/24")
			h1.run(t, web, "a", 11)
			h.drives()
			pieces := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<16), []byte("c")}
			var mu sync.Mutex
			var got []byte
			h.carries(h1, tasks{"Give": func(ctx context.Context, task *apiv1.CarryTask) *apiv1.CarryAnswer {
				if err := give(ctx, h3, task.GetMove(), pieces, true); linkspan.CodeOf(err) != linkspan.NotFound {
					t.Errorf("another host gives: %v", err)
				}
				return told(give(ctx, h1, task.GetMove(), pieces, whole))
			}})
			h.carries(h2, tasks{
				"Check": func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer { return new(apiv1.CarryAnswer) },
				"Take": func(ctx context.Context, task *apiv1.CarryTask) *apiv1.CarryAnswer {
					if _, err := take(ctx, h3, task.GetMove()); linkspan.CodeOf(err) != linkspan.NotFound {
						t.Errorf("another host takes: %v", err)
					}
					image, err := take(ctx, h2, task.GetMove())
					mu.Lock()
					defer mu.Unlock()
					got = image
					return told(err)
				},
			})
			_, err := moved(t.Context(), h.user(trust.RoleOperator), "a", "h2")
			if whole && (err != nil || !bytes.Equal(got, bytes.Join(pieces, nil))) {
				t.Errorf("%d bytes came: %v", len(got), err)
			}
			if !whole && (err == nil || !strings.Contains(err.Error(), "broken off")) {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// A host that follows anew ends its earlier stream, and answers that nobody waits for
// are refused.
func TestFollowAgain(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	first, err := h1.Carry.Follow(t.Context(), connect.NewRequest(&apiv1.CarryServiceFollowRequest{}))
	if err != nil || !first.Receive() {
		t.Fatal(err)
	}
	defer first.Close()
	h.carries(h1, nil)
	if first.Receive() || linkspan.CodeOf(api.FromRPC(first.Err())) != linkspan.Conflict {
		t.Errorf("the earlier stream ended with %v", first.Err())
	}
	_, err = h1.Carry.Answer(t.Context(), connect.NewRequest(&apiv1.CarryServiceAnswerRequest{Task: 7, Answer: new(apiv1.CarryAnswer)}))
	refused(t, err, linkspan.NotFound)
	_, err = h.user(trust.RoleAdmin).Carry.Answer(t.Context(), connect.NewRequest(&apiv1.CarryServiceAnswerRequest{Task: 7, Answer: new(apiv1.CarryAnswer)}))
	refused(t, err, linkspan.Permission)
}
