// SPDX-License-Identifier: Apache-2.0

package view

import (
	"fmt"
	"testing"

	"github.com/linkspan/linkspan"
)

// TestWhoWaitsOnABridge: a policy that names a container with its network's name on its host
// may be about it as long as its labels are not known.
func TestWhoWaitsOnABridge(t *testing.T) {
	one := onBridge(1, "one", "back", "172.18.0.2", 65000)
	one.Container, one.Undescribed = "db", true
	v, _ := new(View).Apply(PutChassis(&linkspan.Chassis{ID: 1, Name: "h1"}), PutLocalEndpoint(one), PutNetwork(joined(5, 1, "back", "172.18.0.0/16")))
	for name, may := range map[string]bool{"db": true, "h1/db.back": true, "db.h1/back": false, "h1/db.yard": false, "h2/db.back": false} {
		to := []linkspan.Selector{{Endpoint: name, Labels: map[string]string{"app": "db"}}}
		ruled, _ := v.Apply(PutPolicy(&linkspan.Policy{ID: 1, Name: "p", Action: linkspan.PolicyDeny, To: to}))
		if got := ruled.Undecided(ruled.Endpoint(Key{5, one.Address})); got != may {
			t.Errorf("it may be %s: %t, want %t", name, got, may)
		}
	}
}

// TestPossible: a change of a policy concerns those whom it may select, and their
// introduction changes who selects them.
func TestPossible(t *testing.T) {
	db := byLabels(1, map[string]string{"app": "db"})
	waiting := labelled(3, nil)
	waiting.Undescribed = true
	v, _ := new(View).Apply(webNetwork(), PutEndpoint(labelled(2, nil)), PutEndpoint(waiting))
	next, delta := v.Apply(PutPolicy(db))
	if got := fmt.Sprint(addresses(Selected(v, next, delta.Policies...).Endpoints)); got != "[10.7.0.3]" {
		t.Errorf("selected: %s", got)
	}
	if from, to := next.SelectedBy(db); len(from) != 2 || len(to) != 0 {
		t.Errorf("selected for sure: %v, %v", from, to)
	}
	if !next.Undecided(waiting) || next.Undecided(labelled(2, nil)) || v.Undecided(waiting) {
		t.Error("who waits is not who does")
	}
	for text, c := range map[string]struct {
		labels   map[string]string
		selected bool
		again    bool
	}{
		"it is one":     {map[string]string{"app": "db"}, true, true},
		"it is another": {map[string]string{"app": "web"}, false, true},
	} {
		after, d := next.Apply(PutEndpoint(labelled(3, c.labels)))
		if got := Reselected(next, after, d.Endpoints[0]); got != c.again {
			t.Errorf("%s: reselected %t", text, got)
		}
		if _, to := after.SelectedBy(db); (len(to) == 1) != c.selected {
			t.Errorf("%s: selected %v", text, to)
		}
		if last, d := after.Apply(RemovePolicy(1)); len(Selected(after, last, d.Policies...).Endpoints) > 1 {
			t.Errorf("%s: it is still looked at", text)
		}
	}
	if repealed, _ := next.Apply(RemovePolicy(1)); repealed.Undecided(waiting) || repealed.policies.asking.Len() != 0 {
		t.Error("it waits for a policy that there is not")
	}
	if gone, _ := next.Apply(RemoveEndpoint(1, waiting.Address)); gone.policies.unknown.Len() != 0 {
		t.Error("who is gone is still waited for")
	}
}
