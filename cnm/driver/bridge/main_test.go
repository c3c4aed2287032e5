// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"os"
	"testing"

	"github.com/google/nftables"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func newDriver() cnm.Driver { return bridge.New(bridge.Options{}) }

func TestConformance(t *testing.T) {
	ovstest.Need(t)
	for name, options := range map[string]map[string]string{"free": nil, "limited": {linkspan.OptionEgress: "10mbit"}} {
		t.Run(name, func(t *testing.T) {
			drivertest.Run(t, func(t *testing.T) drivertest.Fixture {
				t.Cleanup(func() { clean(t) })
				return drivertest.Fixture{Driver: newDriver(), Restart: newDriver, Traces: func() []string { return traces(t) }, Options: options}
			})
		})
	}
}

func traces(t *testing.T) []string {
	t.Helper()
	links, err := kernel.List(t.Context(), "lbr-", "lbv-", "lbp-", "lbi-", "lbm-")
	must(t, err)
	var found []string
	for _, l := range links {
		found = append(found, "link "+l.Attrs().Name)
	}
	tables, err := new(nftables.Conn).ListTables()
	must(t, err)
	for _, table := range tables {
		found = append(found, "table "+table.Name)
	}
	return found
}

// clean is for tests that leave things behind on purpose.
func clean(t *testing.T) {
	t.Helper()
	d := bridge.New(bridge.Options{})
	if _, err := d.Sweep(t.Context(), func() []cnm.Endpoint { return nil }); err != nil && t.Context().Err() == nil {
		t.Error(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func bridgeOf(t *testing.T) string {
	t.Helper()
	links, err := kernel.List(t.Context(), "lbr-")
	must(t, err)
	if len(links) != 1 {
		t.Fatalf("bridges are %v, want one", links)
	}
	return links[0].Attrs().Name
}

func removeTable(t *testing.T, name string) {
	t.Helper()
	conn, err := nftables.New()
	must(t, err)
	conn.DelTable(&nftables.Table{Family: nftables.TableFamilyIPv4, Name: name})
	must(t, conn.Flush())
}
