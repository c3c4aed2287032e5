// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/trust"
)

// certifying is an administrator with the request of a switch.
type certifying struct {
	h       *house
	request *trust.Request
	msg     *apiv1.SwitchServiceCertifyRequest
}

func (h *house) certifying(name string) certifying {
	h.t.Helper()
	request, err := trust.NewRequest()
	if err != nil {
		h.t.Fatal(err)
	}
	return certifying{h, request, &apiv1.SwitchServiceCertifyRequest{Name: name, Csr: request.CSR(), Underlay: "192.0.2.7"}}
}

func (c certifying) ask() (*apiv1.SwitchServiceCertifyResponse, error) {
	r, err := c.h.user(trust.RoleAdmin).Switches.Certify(c.h.t.Context(), connect.NewRequest(c.msg))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}

// certify makes a switch that runs nothing of ours.
func (h *house) certify(name string) (host, *apiv1.SwitchServiceCertifyResponse) {
	h.t.Helper()
	c := h.certifying(name)
	r, err := c.ask()
	if err != nil {
		h.t.Fatal(err)
	}
	keeper := h.keep(c.request, r.GetCertificate())
	return host{h.connect(keeper), keeper, linkspan.ChassisID(r.GetId()), name}, r
}

func TestCertify(t *testing.T) {
	h := build(t)
	tor, r := h.certify("tor1")
	id := tor.keeper.KeyPair().Identity()
	c, err := h.store.ChassisByName(t.Context(), "tor1")
	if err != nil {
		t.Fatal(err)
	}
	if id.Kind != trust.KindChassis || id.Name != "tor1" || id.Number != c.ID || uint32(c.ID) != r.GetId() ||
		id.DPID != c.DPID() || id.DPID.String() != r.GetDpid() || id.Generation == 0 {
		t.Errorf("certified as %s, stored as %+v, told %v", id, c, r)
	}
	if c.Underlay != netip.MustParseAddr("192.0.2.7") || c.MTU != 1500 || c.Version != "" {
		t.Errorf("stored as %+v", c)
	}
	if fmt.Sprint(r.GetControllers()) != "[ctl.example.org:6653]" || !r.GetExpires().AsTime().Equal(tor.keeper.KeyPair().Certificate().NotAfter) {
		t.Errorf("told %v", r)
	}
	events, err := h.store.Events(t.Context(), 10)
	if err != nil || len(events) != 1 || events[0].Kind != linkspan.SwitchJoined || events[0].Actor != "admin ada" || events[0].Subject != "tor1" {
		t.Errorf("events: %+v, %v", events, err)
	}
	tor.run(t, h.network("web", "10.7.0.0/24"), "a", 11) // whoever acts for it writes its endpoints
}

func TestCertifyAgain(t *testing.T) {
	h := build(t)
	tor, _ := h.certify("tor1")
	c := h.certifying("tor1")
	_, err := c.ask()
	refused(t, err, linkspan.Exists)
	if err != nil && !strings.Contains(linkspan.HintOf(api.FromRPC(err)), "--renew") {
		t.Errorf("got %v", err)
	}
	for _, at := range []string{"", "192.0.2.8"} {
		c.msg.Renew, c.msg.Underlay = true, at
		r, err := c.ask()
		if err != nil {
			t.Fatal(err)
		}
		if got := h.keep(c.request, r.GetCertificate()).KeyPair().Identity(); got != tor.keeper.KeyPair().Identity() {
			t.Errorf("renewed as %s", got)
		}
		stored, err := h.store.Chassis(t.Context(), tor.id)
		if want := max(at, "192.0.2.7"); err != nil || stored.Underlay.String() != want {
			t.Errorf("got %+v, %v, want it at %s", stored, err, want)
		}
	}
}

// The certificate of a removed switch is of no use, and the name's next life is
// another's.
func TestCertifyAfterRemoval(t *testing.T) {
	h := build(t)
	tor, _ := h.certify("tor1")
	h.hub.connect(tor.id)
	if err := h.removeSwitch("tor1", true); err != nil {
		t.Fatal(err)
	}
	if _, connected := h.hub.Connected(tor.id); connected {
		t.Error("its session goes on")
	}
	h.eventually("its certificate is revoked", func() bool {
		return h.tls.Revocations.IsRevoked(tor.keeper.KeyPair().Certificate())
	})
	gone := h.certifying("tor1")
	gone.msg.Renew = true
	_, err := gone.ask()
	refused(t, err, linkspan.NotFound)
	again, _ := h.certify("tor1")
	if cert := again.keeper.KeyPair(); again.id == tor.id || h.tls.Revocations.IsRevoked(cert.Certificate()) {
		t.Errorf("%s after number %d", cert, tor.id)
	}
}

func TestCertifyRefusals(t *testing.T) {
	h := build(t)
	h.join("h1")
	weak := "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"
	for _, c := range []struct {
		what   string
		change func(*apiv1.SwitchServiceCertifyRequest)
		code   linkspan.Code
		says   string
	}{
		{"name of a host", func(m *apiv1.SwitchServiceCertifyRequest) { m.Name = "h1" }, linkspan.Exists, "is registered already"},
		{"a host renews itself", func(m *apiv1.SwitchServiceCertifyRequest) { m.Name, m.Renew = "h1", true }, linkspan.InUse, "renews its certificate itself"},
		{"unknown name", func(m *apiv1.SwitchServiceCertifyRequest) { m.Renew = true }, linkspan.NotFound, "does not exist"},
		{"no name", func(m *apiv1.SwitchServiceCertifyRequest) { m.Name = "" }, linkspan.Invalid, "name is empty"},
		{"bad name", func(m *apiv1.SwitchServiceCertifyRequest) { m.Name = "../etc" }, linkspan.Invalid, "has a character"},
		{"no request", func(m *apiv1.SwitchServiceCertifyRequest) { m.Csr = nil }, linkspan.Invalid, "certificate request"},
		{"broken request", func(m *apiv1.SwitchServiceCertifyRequest) { m.Csr[200] ^= 1 }, linkspan.Invalid, "certificate request"},
		{"empty request", func(m *apiv1.SwitchServiceCertifyRequest) { m.Csr = []byte(weak) }, linkspan.Invalid, "certificate request"},
		{"no underlay address", func(m *apiv1.SwitchServiceCertifyRequest) { m.Underlay = "" }, linkspan.Invalid, "underlay address"},
		{"underlay of a host", func(m *apiv1.SwitchServiceCertifyRequest) { m.Underlay = "192.0.2.1" }, linkspan.Conflict, "is that of switch h1"},
		{"underlay of nobody", func(m *apiv1.SwitchServiceCertifyRequest) { m.Underlay = "0.0.0.0" }, linkspan.Invalid, "underlay address"},
	} {
		t.Run(c.what, func(t *testing.T) {
			asked := h.certifying("tor1")
			c.change(asked.msg)
			_, err := asked.ask()
			refused(t, err, c.code)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
	if got := fmt.Sprint(h.chassis()); got != "[h1]" {
		t.Errorf("refusals left %s behind", got)
	}
}

// A switch that connects itself renews its certificate as any chassis does.
func TestCertifiedRenewsItself(t *testing.T) {
	h := build(t)
	tor, _ := h.certify("tor1")
	err := tor.keeper.Renew(t.Context(), func(_ context.Context, csr []byte) ([]byte, error) {
		r, err := tor.Chassis.Renew(t.Context(), connect.NewRequest(&apiv1.ChassisServiceRenewRequest{Csr: csr}))
		if err != nil {
			return nil, err
		}
		return r.Msg.GetCertificate(), nil
	}, time.Now())
	if err != nil {
		t.Error(err)
	}
}
