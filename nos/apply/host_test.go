// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/nos/apply"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// story is what parts were told, in order.
type story []string

func (s *story) tell(format string, values ...any) { *s = append(*s, fmt.Sprintf(format, values...)) }

// part fails at what its errors say.
type part struct {
	name                      string
	story                     *story
	plan, apply, verify, undo error
	undone                    func()
	drift                     []config.Drift
	blind                     error
}

func (p *part) Plan(context.Context, *tree.Tree, *tree.Tree) (config.Plan, error) {
	p.story.tell("plan %s", p.name)
	if p.plan != nil {
		return nil, p.plan
	}
	return step{p}, nil
}

func (p *part) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return p.drift, p.blind }

type step struct{ *part }

func (s step) Steps() []string { return []string{"do " + s.name} }

func (s step) Apply(context.Context) error {
	s.story.tell("apply %s", s.name)
	return s.apply
}

func (s step) Verify(context.Context) error {
	s.story.tell("verify %s", s.name)
	return s.verify
}

func (s step) Undo(ctx context.Context) error {
	s.story.tell("undo %s", s.name)
	if s.undone != nil {
		s.undone()
	}
	return errors.Join(s.undo, ctx.Err())
}

// three are parts a, b and c.
func three() (*story, map[string]*part, config.Host) {
	told := new(story)
	parts := map[string]*part{}
	var all []apply.Part
	for _, name := range []string{"a", "b", "c"} {
		parts[name] = &part{name: name, story: told}
		all = append(all, apply.Part{Name: name, Host: parts[name]})
	}
	return told, parts, apply.Of(append(all, apply.Part{Name: "none"})...)
}

func empty(t *testing.T) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	return tree.New(s)
}

func tells(t *testing.T, told *story, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, []string(*told)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	*told = nil
}

func says(t *testing.T, err error, want ...string) {
	t.Helper()
	for _, text := range want {
		if err == nil || !strings.Contains(err.Error(), text) {
			t.Errorf("want %q in: %v", text, err)
		}
	}
}

func TestPartsGoInOrderAndBackInReverse(t *testing.T) {
	told, _, host := three()
	now := empty(t)
	p, err := host.Plan(t.Context(), now, now)
	if err != nil {
		t.Fatal(err)
	}
	tells(t, told, "plan a", "plan b", "plan c")
	if diff := cmp.Diff([]string{"do a", "do b", "do c"}, p.Steps()); diff != "" {
		t.Error(diff)
	}
	if err := errors.Join(p.Apply(t.Context()), p.Verify(t.Context()), p.Undo(t.Context())); err != nil {
		t.Error(err)
	}
	tells(t, told, "apply a", "apply b", "apply c", "verify a", "verify b", "verify c", "undo c", "undo b", "undo a")
}

func TestWhatWasAppliedIsUndoneAlsoWhenTheCallerHasGone(t *testing.T) {
	told, parts, host := three()
	parts["c"].apply = errors.New("no room")
	p, err := host.Plan(t.Context(), empty(t), empty(t))
	if err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err = p.Apply(gone)
	says(t, err, "c: no room")
	if errors.Is(err, context.Canceled) {
		t.Error("the undo was cancelled")
	}
	tells(t, told, "plan a", "plan b", "plan c", "apply a", "apply b", "apply c", "undo b", "undo a")
}

func TestAnUndoThatFailsDoesNotStopTheOthers(t *testing.T) {
	told, parts, host := three()
	parts["b"].undo = errors.New("stuck")
	p, err := host.Plan(t.Context(), empty(t), empty(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	says(t, p.Undo(t.Context()), "b: stuck")
	tells(t, told, "plan a", "plan b", "plan c", "apply a", "apply b", "apply c", "undo c", "undo b", "undo a", "undo b")
}

func TestAHostThatIsNotBroughtBackIsTold(t *testing.T) {
	_, parts, host := three()
	var half *config.Halfway
	for _, undo := range []error{nil, errors.New("stuck")} {
		parts["b"].apply, parts["a"].undo = errors.New("no room"), undo
		p, err := host.Plan(t.Context(), empty(t), empty(t))
		if err != nil {
			t.Fatal(err)
		}
		err = p.Apply(t.Context())
		says(t, err, "b: no room")
		if errors.As(err, &half) != (undo != nil) || undo != nil && !errors.Is(err, undo) {
			t.Errorf("undo says %v: %v", undo, err)
		}
	}
}

func TestWhatCannotBeUndoneAtFirstIsTriedAgain(t *testing.T) {
	told, parts, host := three()
	p, err := host.Plan(t.Context(), empty(t), empty(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	parts["c"].undo, parts["a"].undone = errors.New("what I stand on is away"), func() { parts["c"].undo = nil }
	if err := p.Undo(t.Context()); err != nil {
		t.Error(err)
	}
	tells(t, told, "plan a", "plan b", "plan c", "apply a", "apply b", "apply c", "undo c", "undo b", "undo a", "undo c")
}

func TestAllThatIsRefusedIsToldAtOnce(t *testing.T) {
	_, parts, host := three()
	parts["a"].plan, parts["c"].plan = errors.New("no such zone"), errors.New("no such device")
	_, err := host.Plan(t.Context(), empty(t), empty(t))
	says(t, err, "a: no such zone", "c: no such device")
}

func TestOfAnUnknownHostAllIsDoneThatCanBe(t *testing.T) {
	told, parts, host := three()
	parts["a"].plan, parts["b"].apply = errors.New("not there yet"), errors.New("no room")
	p, err := host.Plan(t.Context(), nil, empty(t))
	if err != nil {
		t.Fatal(err)
	}
	says(t, p.Apply(t.Context()), "a: not there yet", "b: no room")
	tells(t, told, "plan a", "plan b", "plan c", "apply b", "apply c")
}

func TestDriftOfAllPartsThatCanLook(t *testing.T) {
	_, parts, host := three()
	parts["a"].blind = errors.New("no answer")
	parts["b"].drift = []config.Drift{{Path: []string{"x"}, Want: "1"}}
	parts["c"].drift = []config.Drift{{Path: []string{"y"}, Have: "2"}}
	found, err := host.Drift(t.Context(), empty(t))
	says(t, err, "a: no answer")
	if diff := cmp.Diff([]config.Drift{{Path: []string{"x"}, Want: "1"}, {Path: []string{"y"}, Have: "2"}}, found); diff != "" {
		t.Error(diff)
	}
}
