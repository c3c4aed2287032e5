// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"testing"

	"connectrpc.com/connect"
	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// What a dry run prints: what goes over, and what forbids it.
func TestPlanText(t *testing.T) {
	for want, p := range map[string]*apiv1.MovePlan{
		"container web: h1 -> h2\n": {Container: "web", From: "h1", To: "h2"},
		`container web: h1 -> h2
image busybox:1: 4.2MB to carry
network front: 10.20.0.9 fd00::9 02:00:00:00:00:01
network bridge: another address
note: it is Monday
forbidden: it is paused
forbidden: port 80/tcp that it publishes is taken on host h2
`: {
			Container: "web", From: "h1", To: "h2", Image: "busybox:1", ImageId: "sha256:1", ImageSize: 4_200_000,
			Addresses: []*apiv1.MoveAddress{{Network: "front", Address: "10.20.0.9", Address6: "fd00::9", Mac: "02:00:00:00:00:01"}, {Network: "bridge"}},
			Notes:     []string{"it is Monday"}, Obstacles: []string{"it is paused", "port 80/tcp that it publishes is taken on host h2"},
		},
		"container web: h1 -> h2\nimage sha256:1: is on h2\n": {Container: "web", From: "h1", To: "h2", ImageId: "sha256:1", ImageThere: true},
	} {
		if diff := cmp.Diff(want, planText(p)); diff != "" {
			t.Errorf("the plan (-want +got):\n%s", diff)
		}
	}
}

// Who hears nothing more of a move is told what becomes of it; other errors stay as they are.
func TestMovedErr(t *testing.T) {
	if err := movedErr(nil); err != nil {
		t.Error(err)
	}
	for _, err := range []error{context.Canceled, connect.NewWireError(connect.CodeAborted, errors.New("it is paused"))} {
		if got := movedErr(err); !errors.Is(got, err) {
			t.Errorf("%v became %v", err, got)
		}
	}
	got := movedErr(errors.New("connection reset"))
	if linkspan.CodeOf(got) != linkspan.Unavailable || linkspan.HintOf(got) == "" {
		t.Errorf("a connection that is gone: %v", got)
	}
}
