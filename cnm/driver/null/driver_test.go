// SPDX-License-Identifier: Apache-2.0

package null_test

import (
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/null"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func newDriver() cnm.Driver { return null.New() }

func TestConformance(t *testing.T) {
	drivertest.Run(t, func(*testing.T) drivertest.Fixture {
		return drivertest.Fixture{
			Driver: newDriver(), Restart: newDriver, Bare: true, Traces: func() []string { return nil },
		}
	})
}

func TestThereIsOne(t *testing.T) {
	h := drivertest.NewHost(t, "null", newDriver())
	n := h.Net(cnm.NetworkSpec{Name: "first"})
	h.Restart("null", newDriver())
	_, err := h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "second", Driver: "null"})
	if linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("got %v", err)
	}
	if err := h.DeleteNetwork(t.Context(), n.ID); err != nil {
		t.Fatal(err)
	}
	h.Net(cnm.NetworkSpec{Name: "third"})
	_, err = h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "fourth", Driver: "null", IPv6: true})
	if linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("with addresses: got %v", err)
	}
}

func TestASandboxHasItsLoopbackOnly(t *testing.T) {
	ovstest.Need(t, "ip")
	h := drivertest.NewHost(t, "null", newDriver())
	box := h.Box("a", h.Net(cnm.NetworkSpec{Name: "none"}))
	if err := box.Do(func() error {
		if links := ovstest.IP(t, "-o", "link", "show"); strings.Count(links, "\n") != 1 || !strings.Contains(links, "lo:") {
			t.Errorf("links are %s", links)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
