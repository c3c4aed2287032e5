// SPDX-License-Identifier: Apache-2.0

package flowlog_test

import (
	"bytes"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// What a policy decided bears its name and what was asked for; what one let through is
// written at its begin if it asks for that, and what one rejects not packet by packet.
// The lines are those of testdata/policies.json.
func TestLinesTellWhichPolicyDecided(t *testing.T) {
	var out bytes.Buffer
	put := func(id linkspan.PolicyID, name string, action linkspan.PolicyAction, to string, log bool) view.Change {
		return view.PutPolicy(&linkspan.Policy{
			ID: id, Name: name, Priority: uint16(id), Action: action, Log: log, From: []linkspan.Selector{{Endpoint: "c1"}}, To: []linkspan.Selector{{Endpoint: to}},
			Ports: []linkspan.PolicyPorts{{Protocol: linkspan.ProtocolICMP, First: 8, Last: 8}},
		})
	}
	synctest.Test(t, func(t *testing.T) {
		f := start(t, &out)
		f.Hub.Update(put(1, "may", linkspan.PolicyAllow, "c2", true), put(2, "may-not", linkspan.PolicyReject, "c3", false))
		f.ping(2, 3) // all of it is allowed: a route, which is written at its begin and at its end
		f.ping(2, 4)
		f.ping(2, 4)
		f.ping(2, 4)
		f.later(40 * time.Second)
		f.Hub.Update(put(1, "may", linkspan.PolicyAllow, "c2", false), put(2, "must-not", linkspan.PolicyDeny, "c3", true))
		f.ping(2, 3)
		f.ping(2, 4)
		f.later(40 * time.Second)
		f.later(5 * time.Second)
		f.end()
	})
	const golden = "testdata/policies.json"
	if *update {
		if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), out.String()); diff != "" {
		t.Fatalf("run with -update when this is meant:\n%s", diff)
	}
}
