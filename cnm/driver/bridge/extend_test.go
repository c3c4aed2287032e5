// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/nftables"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
)

// The filter that networks were added to one by one is the one that is written
// as a whole; and one that somebody deleted comes back with the next network.
func TestAFilterThatGrew(t *testing.T) {
	w := newWorld(t)
	for i, options := range []map[string]string{nil, {bridge.OptionICC: "false"}, {bridge.OptionGatewayMode4: "routed"}} {
		w.Net(cnm.NetworkSpec{Name: fmt.Sprintf("n%d", i), Options: options})
	}
	w.Net(cnm.NetworkSpec{Name: "inside", Internal: true})
	grown := filter(t)
	d := bridge.New(bridge.Options{})
	w.Restart("bridge", d)
	_, err := d.Sweep(t.Context(), w.Endpoints)
	must(t, err)
	if diff := cmp.Diff(filter(t), grown); diff != "" {
		t.Errorf("the filter that grew differs from the one that was written as a whole (-whole +grown):\n%s", diff)
	}
	conn, err := nftables.New()
	must(t, err)
	conn.DelTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: "linkspan-bridge"})
	must(t, conn.Flush())
	w.Net(cnm.NetworkSpec{Name: "last"})
	if again := filter(t); len(again) != len(grown)+2 {
		t.Errorf("after the table was deleted it has the chains and sets %v, want those of before and two chains", again)
	}
}

// filter returns the number of rules or elements by chain or set.
func filter(t *testing.T) map[string]int {
	t.Helper()
	conn, err := nftables.New()
	must(t, err)
	chains, err := conn.ListChainsOfTableFamily(nftables.TableFamilyINet)
	must(t, err)
	counts := make(map[string]int)
	for _, c := range chains {
		rules, err := conn.GetRules(c.Table, c)
		must(t, err)
		counts["chain "+c.Name] = len(rules)
	}
	sets, err := conn.GetSets(&nftables.Table{Family: nftables.TableFamilyINet, Name: "linkspan-bridge"})
	must(t, err)
	for _, s := range sets {
		elements, err := conn.GetSetElements(s)
		must(t, err)
		counts["set "+s.Name] = len(elements)
	}
	return counts
}
