// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/script"
)

func TestCompare(t *testing.T) {
	before := []linkspan.Composite{{
		Name: "edge", Attach: []linkspan.Attachment{{Interface: "eth0", VLAN: 10}},
		Services: []linkspan.CompositeMember{{Name: "dns", Image: "dns@1"}, {Name: "old", Image: "old@1"}},
	}}
	after := []linkspan.Composite{{
		Name: "edge", Attach: []linkspan.Attachment{{Interface: "eth0", VLAN: 20}},
		Services: []linkspan.CompositeMember{{Name: "web", Image: "web@1", Calls: []string{"dns"}}, {Name: "dns", Image: "dns@2"}},
	}}
	got, err := script.Compare(before, after)
	want := strings.Split(`- edge attach eth0 vlan 10
+ edge attach eth0 vlan 20
- edge services dns image dns@1
+ edge services dns image dns@2
- edge services old image old@1
+ edge services web calls 1 dns
+ edge services web image web@1`, "\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if same, err := script.Compare(after, after); same != nil || err != nil {
		t.Errorf("%q, %v", same, err)
	}
}
