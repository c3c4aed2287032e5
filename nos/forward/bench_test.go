// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// large returns 1,000 ports, of which some have limits and lists, and 4,000 VLANs that are routed.
func large(tb testing.TB) *tree.Tree {
	tb.Helper()
	base, err := schema.Base()
	if err != nil {
		tb.Fatal(err)
	}
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "set ports eth%d mode trunk\n", i)
		if i%4 == 0 {
			fmt.Fprintf(&b, "set ports eth%d storm-control broadcast 1000\nset ports eth%d acl-in web\n", i, i)
		}
	}
	for i := range 4000 {
		fmt.Fprintf(&b, "set vlans %d interface address 10.%d.%d.1/24\n", i+1, i/256, i%256)
	}
	for i := range 100 {
		fmt.Fprintf(&b, "set acls web rules %d action permit\nset acls web rules %d protocol tcp\nset acls web rules %d destination-port 1024-65535\n", i+1, i+1, i+1)
	}
	t, err := tree.New(base).Load(tree.Commands, []byte(b.String()))
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

// BenchmarkChange is what one line that changes costs before anything is written.
func BenchmarkChange(b *testing.B) {
	old := large(b)
	next, err := old.Set("ports", "eth7", "storm-control", "multicast", "100")
	if err != nil {
		b.Fatal(err)
	}
	facts := assumed(old)
	was := Flows(old, facts)
	for b.Loop() {
		if c := between(was, Flows(next, facts)); len(c.come) != 2 || len(c.leave) != 0 {
			b.Fatal(len(c.come), len(c.leave))
		}
	}
	b.ReportMetric(float64(len(was.Flows)), "flows")
}
