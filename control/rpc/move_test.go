// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// tasks are what a host does otherwise than carrier does.
type tasks = map[string]func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer

// Whom a name means is moved, however many networks it is in; both hosts are told what
// the controller knows of it.
func TestMoveTargets(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
	web, db := h.network("web", "10.7.0.0/24"), h.network("db", "10.8.0.0/24")
	a := h1.run(t, web, "a", 11)
	h1.run(t, db, "a", 12)
	h1.run(t, web, "s.web", 13)
	h1.run(t, db, "s.web", 14)
	h1.run(t, web, "twice", 15)
	h3.run(t, web, "twice", 15)
	h1.run(t, web, "other", 16)
	from, to := h.carries(h1, nil), h.carries(h2, nil)
	for name, want := range map[string]string{
		"a": "a", "h1/a": "a", "a.db": "a", a: "a", "s.web": "s.web", "h1/s.web.db": "s.web", "h1/twice": "twice",
	} {
		plan, err := planned(t.Context(), operator, name, "h2")
		if err != nil || plan.GetContainer() != want || plan.GetFrom() != "h1" || plan.GetTo() != "h2" || len(plan.GetObstacles()) > 0 {
			t.Errorf("%s: %v, %v", name, plan, err)
		}
		if read := from.asked("Read").GetRead(); read.GetContainer() != want || read.GetEndpoint() != "e1d2c3"+want {
			t.Errorf("%s: h1 is asked for %v", name, read)
		}
		check := to.asked("Check").GetCheck()
		if n := len(check.GetBears()); check.GetContainer() != want || n == 0 || n > 2 || check.GetBears()[0].GetMac() == "" {
			t.Errorf("%s: h2 is told %v", name, check)
		}
	}
	for name, code := range map[string]linkspan.Code{"twice": linkspan.Conflict, "nobody": linkspan.NotFound, "h2/a": linkspan.NotFound, "": linkspan.Invalid} {
		if _, err := planned(t.Context(), operator, name, "h2"); linkspan.CodeOf(err) != code {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, err := planned(t.Context(), operator, "a", "h9"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("to nowhere: %v", err)
	}
	if _, err := operator.Moves.Plan(t.Context(), connect.NewRequest(&apiv1.MoveServicePlanRequest{Wish: &apiv1.MoveWish{
		Endpoint: "a", To: "h2", Shared: []string{"srv"},
	}})); linkspan.CodeOf(api.FromRPC(err)) != linkspan.Invalid {
		t.Errorf("a path that is not absolute: %v", err)
	}
	plan, err := planned(t.Context(), operator, "h3/twice", "h2")
	if err != nil || len(plan.GetObstacles()) != 1 || !strings.Contains(plan.GetObstacles()[0], "host h3 takes no part in moves") {
		t.Errorf("a host that takes no part: %v, %v", plan, err)
	}
}

// A container that has just started is waited for, as its name comes later.
func TestMoveWaitsForNames(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	address := h1.run(t, web, "", 12)
	h.carries(h1, nil)
	h.carries(h2, nil)
	before := h.lists.Load()
	type result struct {
		plan *apiv1.MovePlan
		err  error
	}
	names := []string{"late", "h1/late.web", address}
	plans := make(chan result, len(names))
	for _, name := range names {
		go func() {
			plan, err := planned(t.Context(), operator, name, "h2")
			plans <- result{plan, err}
		}()
	}
	const each = 2 // lists of all endpoints, before it waits
	h.eventually("they are looked for", func() bool { return h.lists.Load() >= before+int64(each*len(names)) })
	h.must(h1.attach(t.Context(), &apiv1.Endpoint{
		Network: uint32(web), Address: address, Mac: "02:42:0a:07:00:02", Port: 12, Container: "late", Id: "e1d2c3",
	}))
	for range names {
		if got := <-plans; got.err != nil || got.plan.GetContainer() != "late" {
			t.Errorf("%v, %v", got.plan, got.err)
		}
	}
}

// A host that tells of another container than it was asked for is not believed, and
// nothing that it tells steers a terminal.
func TestMoveComparesWhatHostsTell(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	name := "other"
	h.carries(h1, tasks{"Read": func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer {
		return &apiv1.CarryAnswer{
			Container: "old", Name: name, Spec: []byte("{}"), Plan: &apiv1.MovePlan{Container: name, Notes: []string{"\x1b[2Jnote"}}, Obstacles: []string{"a\x1b]0;b\a\nc"},
		}
	}})
	h.carries(h2, nil)
	if _, err := planned(t.Context(), operator, "a", "h2"); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "called other there") {
		t.Errorf("another container: %v", err)
	}
	name = "a"
	plan, err := planned(t.Context(), operator, "a", "h2")
	if err != nil || !slices.Equal(plan.GetObstacles(), []string{"a\ufffd]0;b\ufffd\nc"}) || plan.GetNotes()[0] != "\ufffd[2Jnote" {
		t.Errorf("the plan is %q, %v", plan, err)
	}
}

// While a container is being moved, it is the move that a wish is about, and no other.
func TestMoveOfWhatIsMoving(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2, h3 := h.join("h1"), h.join("h2"), h.join("h3")
	web := h.network("web", "10.7.0.0/24")
	at := h1.run(t, web, "a", 11)
	h.drives()
	came, go1 := make(chan struct{}), make(chan struct{})
	h.carries(h1, tasks{"Stop": func(context.Context, *apiv1.CarryTask) *apiv1.CarryAnswer {
		close(came)
		<-go1
		return new(apiv1.CarryAnswer)
	}})
	h.carries(h2, nil)
	first := make(chan error, 1)
	go func() { _, err := moved(t.Context(), operator, "a", "h2"); first <- err }()
	<-came
	h.must(h1.release(t.Context(), web, at)) // it is stopped: it has no endpoint
	if under := h.under(t); len(under) != 1 || under[0].GetStep() != "stopping" || under[0].GetContainer() != "a" {
		t.Errorf("under way are %v", under)
	}
	if _, err := moved(t.Context(), operator, "a", "h3"); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "being moved to h2 already") {
		t.Errorf("elsewhere: %v", err)
	}
	h3.run(t, web, "a", 11)
	if _, err := moved(t.Context(), operator, "a", "h2"); linkspan.CodeOf(err) != linkspan.Conflict || !strings.Contains(err.Error(), "h1/a, which is being moved, h3/a") {
		t.Errorf("another one of that name: %v", err)
	}
	if _, err := moved(t.Context(), operator, "h3/a", "h2"); linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), "host h3 takes no part") {
		t.Errorf("the other one in full: %v", err)
	}
	again := make(chan error, 1)
	go func() { _, err := moved(t.Context(), operator, "h1/a", "h2"); again <- err }()
	close(go1)
	for _, result := range []chan error{first, again} {
		if err := <-result; err != nil && linkspan.CodeOf(err) != linkspan.NotFound { // who comes late finds it over
			t.Errorf("it ended with %v", err)
		}
	}
}

// Who began a move and leaves before the stop ends it.
func TestMoveOfWhoLeaves(t *testing.T) {
	h := build(t)
	operator := h.user(trust.RoleOperator)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	h1.run(t, web, "a", 11)
	h.drives()
	came := make(chan struct{})
	from := h.carries(h1, nil)
	to := h.carries(h2, tasks{"Make": func(ctx context.Context, _ *apiv1.CarryTask) *apiv1.CarryAnswer {
		close(came)
		<-ctx.Done()
		return new(apiv1.CarryAnswer)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { _, err := moved(ctx, operator, "a", "h2"); ended <- err }()
	<-came
	cancel()
	<-ended
	h.eventually("it is undone", func() bool { return len(h.under(t)) == 0 })
	if from.asked("Stop") != nil || to.asked("Remove") == nil {
		t.Error("it was stopped, or is left")
	}
}
