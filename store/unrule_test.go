// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// outage is a store that is away when a key is to be deleted.
type outage struct {
	*memory.Store
	key string
}

func (o *outage) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if slices.ContainsFunc(txn.Then, func(op kv.Op) bool { return op.Kind == kv.OpDelete && op.Key == o.key }) {
		return 0, kv.ErrUnavailable
	}
	return o.Store.Txn(ctx, txn)
}

// shop is a store with networks 1 and 2 in a group, and links of their containers,
// on chassis 1 and 2: so many that deny, and so many that allow.
func shop(t *testing.T, denying, allowing int) (*Store, *outage) {
	t.Helper()
	db := &outage{Store: memory.New()}
	t.Cleanup(func() { _ = db.Close() })
	s := New(db)
	for _, name := range []string{"one", "two"} {
		if _, err := s.CreateChassis(t.Context(), linkspan.Chassis{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	ids := networks(t, s, 1, 2)
	mustGroup(t, s, "shop", ids...)
	for i := range denying + allowing {
		verdict := linkspan.LinkDeny
		if i >= denying {
			verdict = linkspan.LinkAllow
		}
		l := linkspan.LinkOf(
			linkspan.LinkEnd{Chassis: 1, Container: fmt.Sprint("a", i), Network: ids[0]},
			linkspan.LinkEnd{Chassis: 2, Container: "b", Network: ids[1]}, verdict)
		if _, err := s.PutLink(t.Context(), l, nil); err != nil {
			t.Fatal(err)
		}
	}
	return s, db
}

// left counts what a store has of links and of the group's networks.
func left(t *testing.T, s *Store) (denying, allowing, grouped int) {
	t.Helper()
	links, err := s.Links(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range links {
		if l.Verdict == linkspan.LinkDeny {
			denying++
		} else {
			allowing++
		}
	}
	g, err := s.Group(t.Context(), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return denying, allowing, len(g.Networks)
}

func wantLeft(t *testing.T, s *Store, denying, allowing, grouped int) {
	t.Helper()
	d, a, g := left(t, s)
	if d != denying || a != allowing || g != grouped {
		t.Fatalf("left are %d links that deny, %d that allow, %d networks of the group; want %d, %d, %d", d, a, g, denying, allowing, grouped)
	}
}

// TestRemovalLosesNothing: what was said of a network, or of a chassis, stays when
// the removal of it comes to nothing.
func TestRemovalLosesNothing(t *testing.T) {
	s, db := shop(t, 2, 2)
	chassis, err := s.Chassis(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	db.key = networkKey(1)
	wantCode(t, s.RemoveNetwork(t.Context(), 1), linkspan.Unavailable)
	wantLeft(t, s, 2, 2, 2)
	if n, err := s.Network(t.Context(), 1); err != nil || n.Removing {
		t.Fatalf("the network is %+v, %v", n, err)
	}
	db.key = chassisKey(1)
	wantCode(t, s.RemoveChassis(t.Context(), chassis), linkspan.Unavailable)
	wantLeft(t, s, 2, 2, 2)

	db.key = ""
	if err := s.RemoveNetwork(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, s, 0, 0, 1)
}

// TestRemovalOfMuch: more links than one transaction takes end, those that deny last
// of all, and a removal that stays half done is finished at the next start.
func TestRemovalOfMuch(t *testing.T) {
	const denying, allowing = 40, 3 * maxUnruling
	s, db := shop(t, denying, allowing)
	db.key = networkKey(1)
	wantCode(t, s.RemoveNetwork(t.Context(), 1), linkspan.Unavailable)
	if d, a, _ := left(t, s); d == 0 || a > maxUnruling {
		t.Fatalf("left are %d links that deny, and %d that allow", d, a)
	}
	if n, err := s.Network(t.Context(), 1); err != nil || !n.Removing {
		t.Fatalf("a network that lost links is in use again: %+v, %v", n, err)
	}
	db.key = ""
	if err := s.ResumeRemovals(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, s, 0, 0, 1)
	_, err := s.Network(t.Context(), 1)
	wantCode(t, err, linkspan.NotFound)

	s, _ = shop(t, denying, allowing)
	chassis, err := s.Chassis(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RemoveChassis(t.Context(), chassis); err != nil {
		t.Fatal(err)
	}
	wantLeft(t, s, 0, 0, 2)
}

// TestLinkOfWhatGoes: a link cannot be made to what is gone, is going, or goes while
// it is made; it would be left over, for whoever gets the number one day.
func TestLinkOfWhatGoes(t *testing.T) {
	s, db := shop(t, 0, 0)
	other := New(db) // as on another controller
	link := func(chassis linkspan.ChassisID, network linkspan.NetworkID) linkspan.Link {
		return linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"},
			linkspan.LinkEnd{Chassis: chassis, Container: "b", Network: network}, linkspan.LinkAllow)
	}
	_, err := s.PutLink(t.Context(), link(77, 0), nil)
	wantCode(t, err, linkspan.NotFound)
	_, err = s.PutLink(t.Context(), link(2, 77), nil)
	wantCode(t, err, linkspan.NotFound)
	_, err = s.PutLink(t.Context(), link(2, 1), func(ctx context.Context, _ linkspan.Link) error {
		_, _, err := other.markRemoving(ctx, 1, true)
		return err
	})
	wantCode(t, err, linkspan.Conflict)
	if err := other.RemoveNetwork(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	chassis, err := s.Chassis(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.PutLink(t.Context(), link(2, 2), func(ctx context.Context, _ linkspan.Link) error { return other.RemoveChassis(ctx, chassis) })
	wantCode(t, err, linkspan.NotFound)
	wantLeft(t, s, 0, 0, 1)
}

// TestCheckRestsOnGroupsAndLinks: who is refused for what another made meanwhile, is.
func TestCheckRestsOnGroupsAndLinks(t *testing.T) {
	s, db := shop(t, 0, 0)
	other := New(db)
	deny := &linkspan.Error{Code: linkspan.Invalid, Message: "there is a link"}
	asked := 0
	refuse := func(ctx context.Context) error {
		asked++
		if links, err := s.Links(ctx); err != nil || len(links) > 0 {
			return deny
		}
		_, err := other.PutLink(ctx, linkspan.LinkOf(linkspan.LinkEnd{Chassis: 1, Container: "a"},
			linkspan.LinkEnd{Chassis: 2, Container: "b"}, linkspan.LinkAllow), nil)
		return err
	}
	_, err := s.CreateGroup(t.Context(), linkspan.Group{Name: "new", Networks: []linkspan.NetworkID{1}},
		func(ctx context.Context, _ linkspan.Group) error { return refuse(ctx) })
	if wantCode(t, err, linkspan.Invalid); asked != 2 {
		t.Fatalf("asked %d times", asked)
	}
	if _, _, err = s.ChangeGroup(t.Context(), "shop", func(g linkspan.Group) linkspan.Group { return g.Without(2) },
		func(context.Context, linkspan.Group) error { return deny }); err != nil {
		t.Fatalf("a network cannot leave: %v", err)
	}
}

// TestRemoveLinkAsKnown: whoever takes an allowance back does not take back the
// denial that came in between.
func TestRemoveLinkAsKnown(t *testing.T) {
	s, _ := shop(t, 0, 1)
	links, err := s.Links(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l := links[0]
	l.Verdict = linkspan.LinkDeny
	if _, err := s.PutLink(t.Context(), l, nil); err != nil {
		t.Fatal(err)
	}
	removed, err := s.RemoveLink(t.Context(), links[0])
	if wantCode(t, err, linkspan.Conflict); removed {
		t.Error("it is said to be removed")
	}
	wantLeft(t, s, 1, 0, 2)
}
