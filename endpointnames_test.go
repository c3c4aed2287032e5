// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestNamesOfAnEndpoint(t *testing.T) {
	e := linkspan.Endpoint{
		Network: 1, Address: netip.MustParseAddr("10.7.0.2"), Chassis: 1, Port: 11, MAC: linkspan.MAC{2, 0, 0, 0, 0, 2},
		Container: "Web1", Aliases: []string{"WEB1", "api", "Api", ""},
	}
	if got := slices.Collect(e.Names()); !slices.Equal(got, []string{"web1", "api"}) {
		t.Errorf("names %q", got)
	}
	e.Port = 0
	if got := slices.Collect(e.Names()); got != nil {
		t.Errorf("a reservation has the names %q", got)
	}
}

func TestAliasesOfAnEndpoint(t *testing.T) {
	long := strings.Repeat("x", linkspan.MaxAlias)
	for _, c := range []struct {
		what    string
		aliases []string
		fine    bool
	}{
		{"none", nil, true},
		{"the longest", []string{"api", long}, true},
		{"longer", []string{"api", long + "x"}, false},
		{"an empty one", []string{""}, false},
		{"too many", slices.Repeat([]string{"api"}, linkspan.MaxAliases+1), false},
	} {
		e := linkspan.Endpoint{Network: 1, Address: netip.MustParseAddr("10.7.0.2"), Chassis: 1, Aliases: c.aliases}
		err := e.Validate()
		if (err == nil) != c.fine || err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
