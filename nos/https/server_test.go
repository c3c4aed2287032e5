// SPDX-License-Identifier: Apache-2.0

package https

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// doorkeeper lets users in whose name is their role and whose password is "open sesame".
type doorkeeper struct {
	asked atomic.Int32
	gone  atomic.Bool // nobody is a user any more
}

func (d *doorkeeper) Password(_ context.Context, name, typed string, _ netip.Addr) (access.User, error) {
	d.asked.Add(1)
	if typed != "open sesame" {
		return access.User{}, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "user or password or key is wrong"}
	}
	return access.User{Name: name, Role: trust.Role(name)}, nil
}

func (d *doorkeeper) again(u access.User) (access.User, error) {
	if d.gone.Load() {
		return u, &linkspan.Error{Code: linkspan.Unauthenticated, Message: u.Name + " is no user any more"}
	}
	return u, nil
}

// place is a switch that serves its API.
type place struct {
	*rpctest.World
	guard   *doorkeeper
	address string
	fabric  *trust.TLS
	ca      *trust.CA
	end     func() // of the server, which it waits for
}

func newPlace(t *testing.T) *place {
	t.Helper()
	p := &place{guard: &doorkeeper{}}
	p.World = rpctest.New(t, func(o *rpc.Options) { o.Again = p.guard.again })
	var err error
	if p.ca, err = trust.OpenCA(filepath.Join(t.TempDir(), "ca"), trust.CAConfig{}); err != nil {
		t.Fatal(err)
	}
	p.fabric = &trust.TLS{Keeper: p.keeper(t, trust.Identity{Kind: trust.KindChassis, Name: "h1", Number: 1, DPID: 1}), Revocations: new(trust.Revocations)}
	key, err := Key(filepath.Join(t.TempDir(), "api.pem"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = l.Addr().String()
	mux := http.NewServeMux()
	rpc.New(p.Options).Mount(mux)
	s := New(Options{Key: key, Guard: p.guard, Fabric: func() *trust.TLS { return p.fabric }, Handler: mux, Audit: p.Audit, Log: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	p.end = func() { cancel(); running.Wait() }
	t.Cleanup(p.end)
	return p
}

// keeper holds a certificate of the fabric's CA.
func (p *place) keeper(t *testing.T, id trust.Identity) *trust.Keeper {
	t.Helper()
	keeper, err := trust.OpenKeeper(filepath.Join(t.TempDir(), "own.pem"))
	if err != nil {
		t.Fatal(err)
	}
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := p.ca.Issue(request.CSR(), id)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := request.Complete(chain, p.ca.Fingerprint(), time.Now())
	if err == nil {
		err = keeper.Replace(pair)
	}
	if err != nil {
		t.Fatal(err)
	}
	return keeper
}

// basic sends a name and a password with each request.
type basic struct {
	*http.Transport
	name, typed string
}

func (b basic) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b.name != "" {
		r.SetBasicAuth(b.name, b.typed)
	}
	return b.Transport.RoundTrip(r)
}

// as is a client with a password, or a certificate, or neither.
func (p *place) as(t *testing.T, name, typed string, cert *trust.Keeper) *api.Client {
	t.Helper()
	config := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // it is this test's
	if cert != nil {
		config.GetClientCertificate = cert.GetClientCertificate
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return api.NewClient(&http.Client{Transport: basic{transport, name, typed}}, "https://"+p.address)
}

func look(t *testing.T, c *api.Client) error {
	t.Helper()
	_, err := c.Operate.Show(t.Context(), connect.NewRequest(&apiv1.OperateServiceShowRequest{Name: "vlan"}))
	return api.FromRPC(err)
}

func change(t *testing.T, c *api.Client, commands string) error {
	t.Helper()
	_, err := c.Config.Change(t.Context(), connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Form: apiv1.ConfigForm_CONFIG_FORM_SET, Text: []byte(commands)}))
	if err == nil {
		_, err = c.Config.Commit(t.Context(), connect.NewRequest(&apiv1.ConfigServiceCommitRequest{}))
	}
	return api.FromRPC(err)
}

func is(t *testing.T, what string, err error, want linkspan.Code) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestPasswords(t *testing.T) {
	p := newPlace(t)
	operator := p.as(t, "operator", "open sesame", nil)
	for range 5 {
		if err := look(t, operator); err != nil {
			t.Fatal(err)
		}
	}
	if err := change(t, operator, "set vlans 30\n"); err != nil {
		t.Fatal(err)
	}
	if n := p.guard.asked.Load(); n != 1 {
		t.Errorf("the password is compared %d times in one connection", n)
	}
	if r := p.Manager.History()[0]; r.Who != "operator" || r.How != "api" {
		t.Errorf("%+v", r)
	}
	is(t, "an operator makes users", change(t, operator, "set system users eve role admin\n"), linkspan.Permission)
	is(t, "a viewer changes", change(t, p.as(t, "viewer", "open sesame", nil), "set vlans 40\n"), linkspan.Permission)
	is(t, "nobody", look(t, p.as(t, "", "", nil)), linkspan.Unauthenticated)
	is(t, "another password", look(t, p.as(t, "admin", "guess", nil)), linkspan.Unauthenticated)
	p.guard.gone.Store(true)
	is(t, "a user who is removed", look(t, operator), linkspan.Unauthenticated)
	logins, denied := 0, 0
	for _, e := range p.Audit.Entries() {
		switch {
		case e.Kind == audit.Login && e.From == "127.0.0.1" && e.How == "api":
			logins++
		case e.Kind == audit.Denied && e.Who == "admin" && e.Text == "login":
			denied++
		}
	}
	if logins != 2 || denied != 1 {
		t.Errorf("%d logins and %d refusals are written down: %+v", logins, denied, p.Audit.Entries())
	}
}

func TestCertificates(t *testing.T) {
	p := newPlace(t)
	user := func(name string, role trust.Role) trust.Identity {
		return trust.Identity{Kind: trust.KindUser, Name: name, Role: role}
	}
	admin := p.as(t, "", "", p.keeper(t, user("ann", trust.RoleAdmin)))
	if err := change(t, admin, "set system hostname edge1\n"); err != nil {
		t.Fatal(err)
	}
	if r := p.Manager.History()[0]; r.Who != "ann@fabric" {
		t.Errorf("%+v", r)
	}
	is(t, "a viewer's", change(t, p.as(t, "", "", p.keeper(t, user("vic", trust.RoleViewer))), "set vlans 40\n"), linkspan.Permission)
	chassis := p.keeper(t, trust.Identity{Kind: trust.KindChassis, Name: "h2", Number: 2, DPID: 2})
	is(t, "another switch's", look(t, p.as(t, "", "", chassis)), linkspan.Permission)
	if err := look(t, p.as(t, "viewer", "open sesame", chassis)); err != nil {
		t.Errorf("a password beside another switch's: %v", err)
	}
	other := newPlace(t)
	if err := look(t, p.as(t, "", "", other.keeper(t, user("ann", trust.RoleAdmin)))); err == nil {
		t.Error("a certificate of another CA is taken")
	}
	p.fabric.Revocations.Replace([]trust.Revocation{{Kind: trust.KindUser, Name: "ann", At: time.Now()}})
	is(t, "one that is revoked while it is used", look(t, admin), linkspan.Unauthenticated)
}

// Without a fabric nobody is asked for a certificate, and none is taken.
func TestNoFabric(t *testing.T) {
	p := newPlace(t)
	ann := p.keeper(t, trust.Identity{Kind: trust.KindUser, Name: "ann", Role: trust.RoleAdmin})
	p.fabric = nil
	is(t, "a certificate", look(t, p.as(t, "", "", ann)), linkspan.Unauthenticated)
	if err := look(t, p.as(t, "viewer", "open sesame", ann)); err != nil {
		t.Error(err)
	}
}

// Who speaks HTTP alone learns what is missing; a page of another site gets nothing done.
func TestPlainHTTP(t *testing.T) {
	p := newPlace(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // it is this test's
	t.Cleanup(transport.CloseIdleConnections)
	ask := func(change func(*http.Request)) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+p.address+"/linkspan.v1.OperateService/Show", strings.NewReader(`{"name": "vlan"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		change(r)
		answer, err := (&http.Client{Transport: transport}).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, answer.Header.Get("WWW-Authenticate") + " " + string(text)
	}
	login := func(r *http.Request) { r.SetBasicAuth("viewer", "open sesame") }
	if status, text := ask(login); status != http.StatusOK || !strings.Contains(text, "eth1") {
		t.Errorf("%d %s", status, text)
	}
	transport.CloseIdleConnections()
	if status, text := ask(func(*http.Request) {}); status != http.StatusUnauthorized || !strings.Contains(text, `realm="linkspan"`) || !strings.Contains(text, "nobody is logged in") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := ask(func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }); status != http.StatusUnauthorized || strings.Contains(text, "eth1") {
		t.Errorf("%d %s", status, text)
	}
	if status, text := ask(func(r *http.Request) { login(r); r.Header.Set("Sec-Fetch-Site", "cross-site") }); status != http.StatusForbidden {
		t.Errorf("another site: %d %s", status, text)
	}
}

// Garbage on the port, and silence, disturb nobody and leave nothing.
func TestGarbage(t *testing.T) {
	p := newPlace(t)
	noise := make([]byte, 64<<10)
	_, _ = rand.Read(noise) // it never fails
	for _, text := range [][]byte{nil, []byte("GET / HTTP/1.1\r\n\r\n"), []byte("SSH-2.0-x\r\n"), noise, append([]byte{22, 3, 1, 0xff, 0xff}, noise...)} {
		for range crowd.MaxOfSource {
			c, err := net.Dial("tcp", p.address)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = c.Write(text) // it may be closed already
			c.Close()
		}
	}
	within := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}} //nolint:gosec // it is this test's
	if c, err := tls.Dial("tcp", p.address, within); err == nil {
		_, _ = c.Write(noise) // as above
		c.Close()
	}
	var silent []net.Conn // more than there are places for
	for range crowd.MaxStrangers + 4 {
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		silent = append(silent, c)
	}
	for _, c := range silent {
		c.Close()
	}
	viewer := p.as(t, "viewer", "open sesame", nil)
	for deadline := time.Now().Add(30 * time.Second); look(t, viewer) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody can log in any more")
		}
	}
	for _, e := range p.Audit.Entries() {
		if e.Kind == audit.Denied {
			t.Errorf("garbage is written down: %+v", e)
		}
	}
}

// Whoever guesses without end fills no audit log.
func TestRefusalsFillNoLog(t *testing.T) {
	p := newPlace(t)
	for range 3 * crowd.RefusalsOf {
		is(t, "a guess", look(t, p.as(t, strings.Repeat("y", 1000), "guess", nil)), linkspan.Unauthenticated)
	}
	p.end()
	written, told := 0, 0
	for _, e := range p.Audit.Entries() {
		switch {
		case e.Kind == audit.Denied && e.From == "":
			told++
		case e.Kind == audit.Denied:
			written++
			if len(e.Who) > crowd.MaxName {
				t.Errorf("written down as it was sent: %+v", e)
			}
		}
	}
	if written != crowd.RefusalsOf || told != 1 {
		t.Errorf("%d are written down, and %d times that there were more", written, told)
	}
}

// A connection that ends is a logout, and its session is gone.
func TestLogout(t *testing.T) {
	p := newPlace(t)
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true} //nolint:gosec // it is this test's
	c := api.NewClient(&http.Client{Transport: basic{transport, "viewer", "open sesame"}}, "https://"+p.address)
	if err := look(t, c); err != nil {
		t.Fatal(err)
	}
	c.Close()
	transport.CloseIdleConnections()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		if slices.ContainsFunc(p.Audit.Entries(), func(e audit.Entry) bool { return e.Kind == audit.Logout && e.Who == "viewer" }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("no logout is written down")
		}
	}
}

func TestKeyStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "api.pem")
	first, err := Key(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Key(path)
	if err != nil || Fingerprint(first) != Fingerprint(second) {
		t.Errorf("%v", err)
	}
	if _, err := Key(filepath.Join(path, "below")); err == nil {
		t.Error("there is a key where none can be")
	}
}
