// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// joining is a host that asks to join, and may ask again.
type joining struct {
	h       *house
	request *trust.Request
	msg     *apiv1.ChassisServiceJoinRequest
}

func (h *house) joining(name string, token trust.Token) joining {
	h.t.Helper()
	request, err := trust.NewRequest()
	if err != nil {
		h.t.Fatal(err)
	}
	return joining{h, request, &apiv1.ChassisServiceJoinRequest{
		Token: token.Reveal(), Name: name, Csr: request.CSR(), Underlay: "192.0.2.1", Mtu: 1500, Version: "1.0",
	}}
}

func (j joining) ask() (*apiv1.ChassisServiceJoinResponse, error) {
	r, err := j.h.connect(nil).Chassis.Join(j.h.t.Context(), connect.NewRequest(j.msg))
	if err != nil {
		return nil, err
	}
	return r.Msg, nil
}

// chassis lists the names of those that are stored.
func (h *house) chassis() (names []string) {
	h.t.Helper()
	all, err := h.store.AllChassis(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, c := range all {
		names = append(names, c.Name)
	}
	return names
}

func TestJoin(t *testing.T) {
	h := build(t)
	j := h.joining("h1", h.token(time.Hour))
	r, err := j.ask()
	if err != nil {
		t.Fatal(err)
	}
	id := h.keep(j.request, r.GetCertificate()).KeyPair().Identity()
	c, err := h.store.ChassisByName(t.Context(), "h1")
	if err != nil {
		t.Fatal(err)
	}
	if id.Kind != trust.KindChassis || id.Name != "h1" || uint32(id.Number) != r.GetId() || id.Number != c.ID || id.DPID != c.DPID() || id.Generation == 0 {
		t.Errorf("certified as %s, stored as %+v", id, c)
	}
	if c.Underlay != netip.MustParseAddr("192.0.2.1") || c.MTU != 1500 || c.Version != "1.0" {
		t.Errorf("stored as %+v", c)
	}
	events, err := h.store.Events(t.Context(), 10)
	if err != nil || len(events) != 1 || events[0].Kind != linkspan.SwitchJoined || events[0].Actor != "chassis h1" || events[0].Chassis != "h1" {
		t.Errorf("events: %+v, %v", events, err)
	}
}

func TestJoinRefusals(t *testing.T) {
	h := build(t)
	h.join("taken")
	used := h.token(time.Hour)
	if _, err := h.joining("first", used).ask(); err != nil {
		t.Fatal(err)
	}
	good := h.token(time.Hour)
	unknown, _, err := trust.NewToken(trust.TokenRequest{CA: h.ca.Fingerprint()})
	if err != nil {
		t.Fatal(err)
	}
	guessed := good
	guessed.Secret = unknown.Secret
	same := func(*apiv1.ChassisServiceJoinRequest) {}
	for _, c := range []struct {
		what   string
		token  trust.Token
		change func(*apiv1.ChassisServiceJoinRequest)
		code   linkspan.Code
		says   string
	}{
		{"unknown token", unknown, same, linkspan.Unauthenticated, "does not know it"},
		{"wrong secret", guessed, same, linkspan.Unauthenticated, "does not know it"},
		{"used token", used, same, linkspan.Unauthenticated, "used already, by chassis first"},
		{"used token, same name", used, func(m *apiv1.ChassisServiceJoinRequest) { m.Name = "first" }, linkspan.Unauthenticated, "used already"},
		{"expired token", h.token(0), same, linkspan.Unauthenticated, "it expired at"},
		{"no token", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Token = "" }, linkspan.Invalid, "does not begin with"},
		{"token cut short", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Token = m.Token[:40] }, linkspan.Invalid, "join token"},
		{"name taken", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Name = "taken" }, linkspan.Exists, "is registered already"},
		{"no name", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Name = "" }, linkspan.Invalid, "name is empty"},
		{"bad name", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Name = "../etc" }, linkspan.Invalid, "has a character"},
		{"no request", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Csr = nil }, linkspan.Invalid, "certificate request"},
		{"broken request", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Csr[200] ^= 1 }, linkspan.Invalid, "certificate request"},
		{"no underlay address", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Underlay = "" }, linkspan.Invalid, "underlay address"},
		{"underlay of nobody", good, func(m *apiv1.ChassisServiceJoinRequest) { m.Underlay = "0.0.0.0" }, linkspan.Invalid, "underlay address"},
	} {
		t.Run(c.what, func(t *testing.T) {
			j := h.joining("new", c.token)
			c.change(j.msg)
			_, err := j.ask()
			refused(t, err, c.code)
			if err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
			if err != nil && strings.Contains(err.Error(), c.token.Reveal()[20:40]) {
				t.Error("the error repeats the token")
			}
		})
	}
	if got := fmt.Sprint(h.chassis()); got != "[taken first]" {
		t.Errorf("refusals left %s behind", got)
	}
	if _, err := h.joining("new", good).ask(); err != nil {
		t.Errorf("a refusal used up the token: %v", err)
	}
}

// The answer is lost, and the host asks again with the same key.
func TestJoinIsRepeatable(t *testing.T) {
	h := build(t)
	j := h.joining("h1", h.token(time.Hour))
	first, err := j.ask()
	if err != nil {
		t.Fatal(err)
	}
	again, err := j.ask()
	if err != nil {
		t.Fatal(err)
	}
	one, two := h.keep(j.request, first.GetCertificate()).KeyPair(), h.keep(j.request, again.GetCertificate()).KeyPair()
	if one.Identity() != two.Identity() || first.GetId() != again.GetId() {
		t.Errorf("got %s, then %s", one.Identity(), two.Identity())
	}
	if got := fmt.Sprint(h.chassis()); got != "[h1]" {
		t.Errorf("got %s", got)
	}
	if events, err := h.store.Events(t.Context(), 10); err != nil || len(events) != 1 {
		t.Errorf("it joined once: %+v, %v", events, err)
	}
	thief := h.joining("h1", trust.Token{})
	thief.msg.Token = j.msg.Token
	_, err = thief.ask()
	refused(t, err, linkspan.Unauthenticated)
	j.msg.Name = "h2"
	_, err = j.ask()
	refused(t, err, linkspan.Unauthenticated)
}

func TestOneTokenLetsOneHostIn(t *testing.T) {
	h := build(t)
	token := h.token(time.Hour)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		j := h.joining(fmt.Sprintf("h%d", i), token)
		group.Go(func() { _, errs[i] = j.ask() })
	}
	group.Wait()
	in := 0
	for _, err := range errs {
		if err == nil {
			in++
			continue
		}
		refused(t, err, linkspan.Unauthenticated)
	}
	if left := h.chassis(); in != 1 || len(left) != 1 {
		t.Errorf("%d hosts are in, stored are %v", in, left)
	}
}

func TestCreateTokenLetsIn(t *testing.T) {
	h := build(t)
	r, err := h.user(trust.RoleAdmin).Switches.CreateToken(t.Context(), connect.NewRequest(&apiv1.SwitchServiceCreateTokenRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	token, err := trust.ParseToken(r.Msg.GetToken())
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(token.Addresses) != "[ctl.example.org:7443]" || token.CA != h.ca.Fingerprint() {
		t.Errorf("got %+v", token)
	}
	if left := time.Until(r.Msg.GetExpires().AsTime()); left < 23*time.Hour || left > 24*time.Hour {
		t.Errorf("it is good for %s", left)
	}
	record, err := store.Tokens[trust.TokenRecord](h.store).Get(t.Context(), token.ID.String())
	if err != nil || record.CreatedBy.Name != "ada" {
		t.Errorf("record %+v, %v", record, err)
	}
	if _, err := h.joining("h1", token).ask(); err != nil {
		t.Error(err)
	}
}

func TestTokenOfThePast(t *testing.T) {
	h := build(t)
	msg := &apiv1.SwitchServiceCreateTokenRequest{Ttl: durationOf(-time.Second)}
	_, err := h.local().Switches.CreateToken(t.Context(), connect.NewRequest(msg))
	refused(t, err, linkspan.Invalid)
}

// A host that dials somebody with another CA ends before it has sent the token.
func TestJoinWithAnImpostor(t *testing.T) {
	h, other := build(t), build(t)
	c := api.NewClient(&http.Client{Transport: h.transport(trust.JoinConfig(h.ca.Fingerprint(), nil))}, other.url)
	_, err := c.Chassis.Join(t.Context(), connect.NewRequest(h.joining("h1", h.token(time.Hour)).msg))
	refused(t, err, linkspan.Unauthenticated)
	if hint := linkspan.HintOf(api.FromRPC(err)); hint == "" {
		t.Error("what to do is not said")
	}
}

// A chassis's certificate is a server's too, but not a controller's.
func TestImpostorWithAGoodCertificate(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	h.tls.Keeper = h1.keeper
	h.listen()
	_, err := h.connect(h1.keeper).Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	refused(t, err, linkspan.Unauthenticated)
}

func TestRenew(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	r, err := h1.Chassis.Renew(t.Context(), connect.NewRequest(&apiv1.ChassisServiceRenewRequest{Csr: request.CSR()}))
	if err != nil {
		t.Fatal(err)
	}
	renewed := h.keep(request, r.Msg.GetCertificate())
	if old := h1.keeper.KeyPair(); renewed.KeyPair().Identity() != old.Identity() {
		t.Errorf("renewed as %s", renewed.KeyPair().Identity())
	}
	if _, err := h.connect(renewed).Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{})); err != nil {
		t.Error(err)
	}
	_, err = h1.Chassis.Renew(t.Context(), connect.NewRequest(&apiv1.ChassisServiceRenewRequest{Csr: []byte("nonsense")}))
	refused(t, err, linkspan.Invalid)
}
