// SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"

	"github.com/linkspan/linkspan"
)

// TestAttachKeepsWhatIsItsOwn: what Docker has told of an endpoint stays when it is
// attached again; what it told of another that was at the address does not.
func TestAttachKeepsWhatIsItsOwn(t *testing.T) {
	for id, kept := range map[string]bool{"first": true, "second": false} {
		s, ctx := open(t), t.Context()
		n := mustNetwork(t, s, web())
		e := linkspan.Endpoint{
			Network: n.ID, Address: address(2), Chassis: 1, ID: "first",
			Container: "c1", Labels: map[string]string{"app": "db"}, Aliases: []string{"db"},
		}
		if err := s.Reserve(ctx, e); err != nil {
			t.Fatal(err)
		}
		e.ID, e.Port, e.MAC = id, 100, linkspan.MAC{2, 0, 0, 0, 0, 1}
		e.Container, e.Labels, e.Aliases = "", nil, nil
		if err := s.Attach(ctx, e); err != nil {
			t.Fatal(err)
		}
		got, err := s.Endpoint(ctx, n.ID, e.Address)
		if has := got.Container != "" && got.Labels != nil && got.Aliases != nil; err != nil || has != kept || !kept && (got.Container != "" || got.Labels != nil) {
			t.Errorf("attached as the %s: %+v, %v", id, got, err)
		}
	}
}
