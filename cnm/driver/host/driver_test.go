// SPDX-License-Identifier: Apache-2.0

package host_test

import (
	"net/netip"
	"os"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/drivertest"
	"github.com/linkspan/linkspan/cnm/driver/host"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func newDriver() cnm.Driver { return host.New() }

func TestConformance(t *testing.T) {
	drivertest.Run(t, func(*testing.T) drivertest.Fixture {
		return drivertest.Fixture{
			Driver: newDriver(), Restart: newDriver, Bare: true, Traces: func() []string { return nil },
		}
	})
}

func TestThereIsOne(t *testing.T) {
	h := drivertest.NewHost(t, "host", newDriver())
	n := h.Net(cnm.NetworkSpec{Name: "first"})
	h.Restart("host", newDriver())
	_, err := h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "second", Driver: "host"})
	if linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("got %v", err)
	}
	if err := h.DeleteNetwork(t.Context(), n.ID); err != nil {
		t.Fatal(err)
	}
	h.Net(cnm.NetworkSpec{Name: "third"})
	_, err = h.NewNetwork(t.Context(), cnm.NetworkSpec{Name: "fourth", Driver: "host", IPv6: true})
	if linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("with addresses: got %v", err)
	}
}

func TestASandboxIsTheHost(t *testing.T) {
	ovstest.Need(t)
	h := drivertest.NewHost(t, "host", newDriver())
	n := h.Net(cnm.NetworkSpec{Name: "host"})
	s, err := h.NewSandbox(t.Context(), cnm.SandboxSpec{Path: "/proc/self/ns/net"})
	if err != nil {
		t.Fatal(err)
	}
	e, err := h.NewEndpoint(t.Context(), cnm.EndpointSpec{Network: n.ID})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: e.ID, SandboxKey: s.Key}); err != nil {
		t.Fatal(err)
	}
	box := h.Wrap(s)
	box.Serve(8088)
	if _, err := drivertest.Dial(netip.MustParseAddr("127.0.0.1"), 8088, drivertest.Patience); err != nil {
		t.Errorf("what listens in the sandbox is not on the host: %v", err)
	}
}
