// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// edge is a table of three services: one with adapters, one with a socket, one of this process.
func edge(dns *gateway.Backend) gateway.Table {
	return gateway.Table{Services: []gateway.Service{
		{Member: "frr", ServiceManifest: linkspan.ServiceManifest{Name: "routing", Calls: []linkspan.Call{
			{Name: "neighbors", Adapter: &linkspan.Adapter{Command: []string{"vtysh", "-c", "show ip ospf neighbor {id} json"}, Output: "json"}, Arguments: []linkspan.Argument{{Name: "id", Type: "address"}}},
			{Name: "clear", Changes: true, Adapter: &linkspan.Adapter{Command: []string{"vtysh", "{area}", "-c", "{depth}"}, Output: "json"}, Arguments: []linkspan.Argument{{Name: "area", Type: "integer", Required: true}, {Name: "depth", Type: "one of", OneOf: []string{"soft", "hard"}}}},
			{Name: "slow", Adapter: &linkspan.Adapter{Command: []string{"sleep"}, Timeout: linkspan.Duration(20 * time.Millisecond)}},
		}}},
		{Member: "dnsmasq", Backend: dns, ServiceManifest: linkspan.ServiceManifest{Name: "dns", Socket: "dns.sock", Calls: []linkspan.Call{
			{Name: "leases", Arguments: []linkspan.Argument{{Name: "mac", Type: "mac"}}}, {Name: "flush", Changes: true, Arguments: []linkspan.Argument{{Name: "all", Type: "boolean"}, {Name: "name", Type: "string"}}},
		}}},
		{Guarded: true, ServiceManifest: linkspan.ServiceManifest{Name: "switch", Calls: []linkspan.Call{
			{Name: "mode"}, {Name: "set-mode", Changes: true, Arguments: []linkspan.Argument{{Name: "mode", Type: "string", Required: true}}},
		}}, Local: func(_ context.Context, c gateway.Caller, call string, arguments map[string]string) (any, error) {
			return map[string]string{"caller": c.Name, "call": call, "mode": arguments["mode"]}, nil
		}},
	}}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	dns := gateway.NewBackend(dir)
	t.Cleanup(func() { dns.Drain(context.Background()) })
	serve(t, dir, "dns.sock", echo("one"))
	_, c := open(t, gateway.Options{Exec: executor{}}, edge(dns), all())
	for _, tt := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/v1/routing/neighbors", "", 200, `["frr","vtysh","-c","show ip ospf neighbor json"]`},
		{"GET", "/v1/routing/neighbors?id=192.0.2.1", "", 200, `["frr","vtysh","-c","show ip ospf neighbor 192.0.2.1 json"]`},
		{"GET", "/v1/routing/neighbors?id=192.0.2.1;reboot", "", 400, "arguments"},
		{"GET", "/v1/routing/neighbors?id=x", "", 400, "argument id"},
		{"GET", "/v1/routing/neighbors?other=x", "", 400, "no argument"},
		{"POST", "/v1/routing/neighbors", "", 405, "GET"},
		{"GET", "/v1/routing/clear", "", 405, "POST"},
		{"POST", "/v1/routing/clear", `{"area": 7}`, 200, `["frr","vtysh","7","-c"]`},
		{"POST", "/v1/routing/clear", `{"area": 7, "depth": "hard"}`, 200, `["frr","vtysh","7","-c","hard"]`},
		{"POST", "/v1/routing/clear", `{"area": 7, "depth": "soft; ls"}`, 400, "none of"},
		{"POST", "/v1/routing/clear", `{"area": [7]}`, 400, "argument area"},
		{"POST", "/v1/routing/clear", `{}`, 400, "missing"},
		{"GET", "/v1/routing/slow", "", 503, "took longer"},
		{"GET", "/v1/routing/unknown", "", 404, "no such call"},
		{"GET", "/v1/nothing/unknown", "", 404, "no service"},
		{"GET", "/", "", 404, "nothing at this path"},
		{"GET", "/v1/dns/leases?mac=02:42:0A:00:00:01", "", 200, "one host/root GET /leases?mac=02:42:0A:00:00:01"},
		{"GET", "/v1/dns/own/way", "", 200, "one host/root GET /own/way"},
		{"GET", "/v1/dns/%2e%2e/up", "", 400, "no part"},
		{"POST", "/v1/dns/flush", `{"all":true}`, 200, `one host/root POST /flush {"all":true}`},
		{"POST", "/v1/dns/flush", strings.Repeat("x", 2<<20), 413, "too large"},
		{"POST", "/v1/call", `{"service":"dns","call":"leases","arguments":{"mac":"02-42-0A-00-00-01"}}`, 200, "one host/root GET /leases?mac=02%3A42%3A0a%3A00%3A00%3A01"},
		{"POST", "/v1/call", `{"service":"dns","call":"flush","arguments":{"all":true,"name":"a"}}`, 200, `one host/root POST /flush {"all":true,"name":"a"}`},
		{"POST", "/v1/call", `{"service":"dns","call":"flush","arguments":{"name":"--all"}}`, 400, "begins with -"},
		{"POST", "/v1/call", `{"service":"dns","call":"own"}`, 404, "declares no call"},
		{"POST", "/v1/call", `{"service":"routing","call":"neighbors"}`, 200, "vtysh"},
		{"POST", "/v1/call", `{"service":"routing","call":"neighbors","shell":1}`, 400, "unknown field"},
		{"POST", "/v1/call", `{"service":"routing"}`, 400, "wanted"},
		{"GET", "/v1/call", "", 405, "POST"},
		{"GET", "/v1/switch/mode", "", 200, `{"call":"mode","caller":"root","mode":""}`},
		{"POST", "/v1/switch/set-mode", `{"mode":"sdn"}`, 200, `"mode":"sdn"`},
		{"GET", "/healthz", "", 200, `"healthy":true`},
		{"GET", "/openapi.json", "", 200, `"/v1/routing/neighbors":{"get"`},
		{"GET", "/v1/services", "", 200, `"composite":"edge"`},
		{"DELETE", "/v1/services", "", 405, "GET"},
	} {
		status, text := ask(t, c, tt.method, tt.path, tt.body)
		if status != tt.status || !strings.Contains(text, tt.want) {
			t.Errorf("%s %s %.40s: %d %s, want %d %s", tt.method, tt.path, tt.body, status, text, tt.status, tt.want)
		}
	}
}

// Who may call what depends on the listener, and on nothing that a caller says.
func TestWhoMayCallWhat(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	dns := gateway.NewBackend(dir)
	t.Cleanup(func() { dns.Drain(context.Background()) })
	serve(t, dir, "dns.sock", echo("one"))
	var refused []string
	note := func(c gateway.Caller, service, call string) { refused = append(refused, c.Name+" "+service+"/"+call) }
	_, c := open(t, gateway.Options{Exec: executor{}, Denied: note}, edge(dns), gateway.Caller{Name: "web", Kind: gateway.KindMember, May: []string{"routing/neighbors", "dns", "switch"}})
	for _, tt := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/routing/neighbors", "", 200},
		{"POST", "/v1/routing/clear", `{"area":1}`, 403},
		{"GET", "/v1/routing/unknown", "", 403},
		{"POST", "/v1/call", `{"service":"routing","call":"clear","arguments":{"area":1}}`, 403},
		{"GET", "/v1/dns/anything", "", 200},
		{"POST", "/v1/dns/flush", "{}", 200},
		{"GET", "/v1/switch/mode", "", 200},
		{"POST", "/v1/switch/set-mode", `{"mode":"sdn"}`, 403}, // not named
		{"GET", "/v1/nothing/x", "", 404},
	} {
		if status, text := ask(t, c, tt.method, tt.path, tt.body); status != tt.status {
			t.Errorf("%s %s: %d %s, want %d", tt.method, tt.path, status, text, tt.status)
		}
	}
	if got, want := strings.Join(refused, ", "), "web routing/clear, web routing/unknown, web routing/clear, web switch/set-mode"; got != want {
		t.Errorf("refused: %s, want %s", got, want)
	}
	_, shown := ask(t, c, "GET", "/v1/services", "")
	for word, want := range map[string]bool{"neighbors": true, "clear": false, "set-mode": false, "vtysh": false, "leases": true} {
		if strings.Contains(shown, word) != want {
			t.Errorf("%q is shown: %v in %s", word, !want, shown)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://gateway/v1/dns/x", nil)
	r.Header.Set(gateway.CallerHeader, "host/root")
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if text := body(t, a); !strings.HasPrefix(text, "one member/web ") {
		t.Errorf("a caller says who it is: %s", text)
	}
}

// What a member has put in the place of its socket is not followed.
func TestAMemberCannotSendCallsElsewhere(t *testing.T) {
	t.Parallel()
	secret, dir := folder(t), folder(t)
	serve(t, secret, "docker.sock", echo("docker"))
	link(t, secret+"/docker.sock", dir+"/dns.sock")
	dns := gateway.NewBackend(dir)
	t.Cleanup(func() { dns.Drain(context.Background()) })
	_, c := open(t, gateway.Options{Patience: 50 * time.Millisecond}, edge(dns), all())
	if status, text := ask(t, c, "GET", "/v1/dns/leases", ""); status != 503 {
		t.Errorf("%d %s", status, text)
	}
}

func TestEveryCallerHasABound(t *testing.T) {
	t.Parallel()
	g := gateway.New(gateway.Options{Composite: "edge"})
	for _, tt := range []struct {
		service linkspan.ServiceManifest
		want    string
	}{
		{linkspan.ServiceManifest{Name: "call"}, "cannot be called"},
		{linkspan.ServiceManifest{Name: "../x"}, "not allowed"},
		{linkspan.ServiceManifest{Name: "x", Socket: "../docker.sock"}, "no file name"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y"}}}, "neither"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Adapter: &linkspan.Adapter{}}}}, "no command"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Adapter: &linkspan.Adapter{Command: []string{"a", "{b}"}}}}}, "does not declare"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Arguments: []linkspan.Argument{{Name: "b", Type: "string"}}, Adapter: &linkspan.Adapter{Command: []string{"a", "-c", "show {b}"}}}}}, "needs a pattern"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Arguments: []linkspan.Argument{{Name: "b", Type: "string"}}, Adapter: &linkspan.Adapter{Command: []string{"{b}"}}}}}, "program"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Arguments: []linkspan.Argument{{Name: "b", Type: "date"}}, Adapter: &linkspan.Adapter{Command: []string{"a"}}}}}, "none of"},
		{linkspan.ServiceManifest{Name: "x", Calls: []linkspan.Call{{Name: "y", Arguments: []linkspan.Argument{{Name: "b", Type: "string", Pattern: "("}}, Adapter: &linkspan.Adapter{Command: []string{"a"}}}}}, "pattern"},
	} {
		err := g.Set(gateway.Table{Services: []gateway.Service{{ServiceManifest: tt.service}}})
		if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %s", tt.service, err, tt.want)
		}
	}
}
