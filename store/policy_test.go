// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
)

// policyOf makes a policy whose priority is given.
func policyOf(name string, priority uint16) linkspan.Policy {
	return linkspan.Policy{
		Name: name, Priority: priority, Action: linkspan.PolicyDeny, Creator: "ada",
		From: []linkspan.Selector{{Labels: map[string]string{"app": name}}}, Ports: []linkspan.PolicyPorts{linkspan.WholeProtocol(47)},
	}
}

func agree([]linkspan.Policy) error { return nil }

func apply(t *testing.T, s *Store, policies ...linkspan.Policy) []PolicyOutcome {
	t.Helper()
	outcomes, err := s.ApplyPolicies(t.Context(), policies, agree)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func policyNames(t *testing.T, s *Store) string {
	t.Helper()
	all, err := s.Policies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

func TestPoliciesAreKnownByTheirNames(t *testing.T) {
	s := open(t)
	if got := apply(t, s, policyOf("low", 1), policyOf("high", 9)); !slices.Equal(got, []PolicyOutcome{PolicyCreated, PolicyCreated}) {
		t.Errorf("got %v", got)
	}
	first, err := s.Policy(t.Context(), "low")
	if err != nil || first.ID == 0 || first.Created.IsZero() {
		t.Fatalf("got %+v, %v", first, err)
	}
	byID, err := s.Policy(t.Context(), first.ID.String())
	if err != nil || byID.Name != "low" {
		t.Errorf("got %+v, %v", byID, err)
	}
	again := policyOf("low", 1)
	again.Creator = "bob"
	changed := policyOf("high", 10)
	changed.Creator = "bob"
	if got := apply(t, s, again, changed, policyOf("mid", 5)); !slices.Equal(got, []PolicyOutcome{PolicyUnchanged, PolicyChanged, PolicyCreated}) {
		t.Errorf("got %v", got)
	}
	now, err := s.Policy(t.Context(), "low")
	if diff := cmp.Diff(first, now, cmpopts.EquateComparable(netip.Prefix{})); err != nil || diff != "" {
		t.Errorf("what did not change did: %v %s", err, diff)
	}
	if high, err := s.Policy(t.Context(), "high"); err != nil || high.Priority != 10 || high.Creator != "bob" || high.ID == first.ID {
		t.Errorf("got %+v, %v", high, err)
	}
	if got := policyNames(t, s); got != "high mid low" {
		t.Errorf("in the order in which they are asked: %s", got)
	}
	if p, err := s.RemovePolicy(t.Context(), "mid"); err != nil || p.Name != "mid" {
		t.Errorf("got %+v, %v", p, err)
	}
	_, err = s.RemovePolicy(t.Context(), "mid")
	wantCode(t, err, linkspan.NotFound)
	_, err = s.Policy(t.Context(), "mid")
	wantCode(t, err, linkspan.NotFound)
	apply(t, s, policyOf("mid", 5))
	if p, err := s.Policy(t.Context(), "mid"); err != nil || p.ID != 4 {
		t.Errorf("a number is used again at once: %v, %v", p.ID, err)
	}
}

func TestAllPoliciesOrNone(t *testing.T) {
	s := open(t)
	bad := policyOf("bad", 1)
	bad.Action = 0
	_, err := s.ApplyPolicies(t.Context(), []linkspan.Policy{policyOf("good", 1), bad}, agree)
	wantCode(t, err, linkspan.Invalid)
	_, err = s.ApplyPolicies(t.Context(), []linkspan.Policy{policyOf("good", 1), policyOf("good", 2)}, agree)
	wantCode(t, err, linkspan.Invalid)
	refused := errors.New("refused")
	_, err = s.ApplyPolicies(t.Context(), []linkspan.Policy{policyOf("good", 1)}, func(stored []linkspan.Policy) error { return refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	if got := policyNames(t, s); got != "" {
		t.Errorf("stored: %s", got)
	}
}

// TestAWholeFileIsOneChange: those who follow see it in one call, and of what did
// not change nothing.
func TestAWholeFileIsOneChange(t *testing.T) {
	const count = 1000
	s := open(t)
	seen, stop := followPolicies(t, s)
	defer stop()
	if got := seen.next(t); got != "" {
		t.Errorf("at first: %s", got)
	}
	file := make([]linkspan.Policy, count)
	for i := range file {
		file[i] = policyOf(fmt.Sprintf("p%d", i), uint16(i))
	}
	apply(t, s, file...)
	if got := strings.Fields(seen.next(t)); len(got) != count {
		t.Errorf("%d changes came together, of %d", len(got), count)
	}
	file[500].Priority = 7
	apply(t, s, append(slices.Clone(file), policyOf("new", 1))...)
	if got := seen.next(t); got != "+1f5:p500 +3e9:new" {
		t.Errorf("got %s", got)
	}
	if _, err := s.RemovePolicy(t.Context(), "p1"); err != nil {
		t.Fatal(err)
	}
	if got := seen.next(t); got != "-2" {
		t.Errorf("got %s", got)
	}
	late, end := followPolicies(t, s)
	defer end()
	if got := strings.Fields(late.next(t)); len(got) != count {
		t.Errorf("who comes late sees %d", len(got))
	}
}

// policyCalls are the changes of policies that a follower is told, a text for each
// call.
type policyCalls chan string

func (c policyCalls) next(t *testing.T) string {
	t.Helper()
	select {
	case text := <-c:
		return text
	case <-t.Context().Done():
		t.Fatal("nothing is told")
		return ""
	}
}

func followPolicies(t *testing.T, s *Store) (policyCalls, func()) {
	ctx, cancel := context.WithCancel(t.Context())
	calls := make(policyCalls, 16)
	tell := func(changes []Change, _ uint64) {
		var texts []string
		for _, c := range changes {
			switch {
			case c.Policy == nil:
			case c.Removed:
				texts = append(texts, fmt.Sprintf("-%x", uint32(c.Policy.ID)))
			default:
				texts = append(texts, fmt.Sprintf("+%x:%s", uint32(c.Policy.ID), c.Policy.Name))
			}
		}
		calls <- strings.Join(texts, " ")
	}
	var done sync.WaitGroup
	done.Go(func() { _ = s.Follow(ctx, tell, tell) }) // ends with its context
	return calls, func() { cancel(); done.Wait() }
}

// TestPoliciesAtOnce: of two that contradict each other and come at once, one is
// refused, as the check of the second sees the first.
func TestPoliciesAtOnce(t *testing.T) {
	s := open(t)
	one := func(stored []linkspan.Policy) error {
		if len(stored) > 0 {
			return &linkspan.Error{Code: linkspan.Conflict, Message: "somebody is there"}
		}
		return nil
	}
	other := New(s.kv) // another controller
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() {
			_, errs[i] = []*Store{s, other}[i%2].ApplyPolicies(context.Background(), []linkspan.Policy{policyOf(fmt.Sprintf("p%d", i), 1)}, one)
		})
	}
	group.Wait()
	stored := 0
	for _, err := range errs {
		if err == nil {
			stored++
		} else if linkspan.CodeOf(err) != linkspan.Conflict {
			t.Error(err)
		}
	}
	if stored != 1 || strings.Contains(policyNames(t, s), " ") {
		t.Errorf("%d were stored: %s", stored, policyNames(t, s))
	}
}

func TestMorePoliciesThanThereMayBe(t *testing.T) {
	s := open(t)
	file := make([]linkspan.Policy, linkspan.MaxPolicies)
	for i := range file {
		file[i] = policyOf(fmt.Sprintf("p%d", i), 1)
	}
	const step = 60 * 128 // as many new ones as a transaction has pages for
	for some := range slices.Chunk(file, step) {
		apply(t, s, some...)
	}
	_, err := s.ApplyPolicies(t.Context(), []linkspan.Policy{policyOf("one-more", 1)}, agree)
	wantCode(t, err, linkspan.Exhausted)
	all, err := s.Policies(t.Context())
	if err != nil || len(all) != linkspan.MaxPolicies {
		t.Errorf("%d are stored, %v", len(all), err)
	}
}

func TestAFileThatIsTooLarge(t *testing.T) {
	s := open(t)
	file := make([]linkspan.Policy, 120)
	for i := range file {
		file[i] = policyOf(fmt.Sprintf("p%d", i), 1)
		noise := make([]byte, 11<<10)
		rand.NewChaCha8([32]byte{byte(i)}).Read(noise)
		file[i].From[0].Labels["text"] = base64.StdEncoding.EncodeToString(noise) // which cannot be compressed much
	}
	_, err := s.ApplyPolicies(t.Context(), file, agree)
	wantCode(t, err, linkspan.Invalid)
	if !strings.Contains(linkspan.HintOf(err), "divide") || policyNames(t, s) != "" {
		t.Errorf("got %v, and stored is %q", err, policyNames(t, s))
	}
}
