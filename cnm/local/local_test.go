// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/host"
	"github.com/linkspan/linkspan/cnm/driver/null"
	nullipam "github.com/linkspan/linkspan/cnm/ipam/null"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/cnm/local"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// fabric has one network, whose name and subnet local ones may not have.
type fabric struct{}

func (fabric) Networks() []linkspan.Network {
	return []linkspan.Network{{ID: 7, Name: "everywhere", Subnet: netip.MustParsePrefix("10.77.0.0/24")}}
}

// place is a host without Docker.
type place struct {
	*local.Host
	t      *testing.T
	model  *cnm.Controller
	store  *memory.Store
	folder string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	ovstest.Need(t, "ip", "ping")
	p := &place{t: t, store: memory.New(), folder: filepath.Join(t.TempDir(), "boxes")}
	p.start()
	t.Cleanup(p.clear)
	return p
}

// start makes the parts anew, on what the store has.
func (p *place) start() {
	p.t.Helper()
	driver := bridge.New(bridge.Options{})
	p.t.Cleanup(func() { driver.Close() })
	model, err := cnm.New(cnm.Options{
		Store: p.store, Sandboxes: p.folder,
		Drivers: map[string]cnm.Driver{"bridge": driver, "null": null.New(), "host": host.New()},
		IPAMs:   map[string]cnm.IPAM{"pool": pool.New(pool.Options{}), "null": nullipam.New()},
	})
	if err == nil {
		p.model = model
		p.Host, err = local.New(local.Config{
			Model: model, Fabric: fabric{}, Log: slog.New(slog.DiscardHandler), Drivers: []string{"bridge", "null", "host"},
		})
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) clear() {
	ctx := context.WithoutCancel(p.t.Context())
	for _, s := range p.model.Sandboxes() {
		p.RemoveSandbox(ctx, connect.NewRequest(&apiv1.HostServiceRemoveSandboxRequest{Sandbox: s.ID, Force: true}))
	}
	for _, n := range p.model.Networks() {
		if err := p.model.DeleteNetwork(ctx, n.ID); err != nil {
			p.t.Error(err)
		}
	}
}

// words returns what a person is told.
func words(err error) string {
	if err == nil {
		return ""
	}
	return api.FromRPC(err).Error()
}

func (p *place) network(n *apiv1.HostNetwork) error {
	_, err := p.CreateNetwork(p.t.Context(), connect.NewRequest(&apiv1.HostServiceCreateNetworkRequest{Network: n}))
	return err
}

func (p *place) sandbox(name, network string, a *apiv1.Attachment) error {
	_, err := p.CreateSandbox(p.t.Context(), connect.NewRequest(&apiv1.HostServiceCreateSandboxRequest{Name: name, Network: network, Attachment: a}))
	return err
}

func (p *place) join(network, member string, a *apiv1.Attachment) error {
	_, err := p.Connect(p.t.Context(), connect.NewRequest(&apiv1.HostServiceConnectRequest{Network: network, Member: member, Attachment: a}))
	return err
}

func (p *place) leave(network, member string, force bool) error {
	_, err := p.Disconnect(p.t.Context(), connect.NewRequest(&apiv1.HostServiceDisconnectRequest{Network: network, Member: member, Force: force}))
	return err
}

func (p *place) remove(network string) error {
	_, err := p.RemoveNetwork(p.t.Context(), connect.NewRequest(&apiv1.HostServiceRemoveNetworkRequest{Network: network}))
	return err
}

func (p *place) removeBox(name string, force bool) error {
	_, err := p.RemoveSandbox(p.t.Context(), connect.NewRequest(&apiv1.HostServiceRemoveSandboxRequest{Sandbox: name, Force: force}))
	return err
}

func (p *place) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(words(err))
	}
}

// pings says whether one sandbox reaches an address.
func (p *place) pings(from, to string) bool {
	p.t.Helper()
	s, err := p.model.FindSandbox(from)
	p.must(err)
	return s.Do(func() error { return exec.Command("ping", "-c", "1", "-W", "2", to).Run() }) == nil
}

func bridged(name, subnet string) *apiv1.HostNetwork {
	n := &apiv1.HostNetwork{Name: name, Driver: "bridge"}
	if subnet != "" {
		n.Subnets = []*apiv1.HostSubnet{{Subnet: subnet}}
	}
	return n
}

func TestSandboxesOnABridge(t *testing.T) {
	p := newPlace(t)
	p.must(p.network(bridged("web", "10.91.0.0/24")))
	p.must(p.network(bridged("db", "10.92.0.0/24")))
	p.must(p.sandbox("a", "web", nil))
	p.must(p.sandbox("b", "web", &apiv1.Attachment{Ipv4: "10.91.0.9", Mac: "02:00:00:00:00:09"}))
	p.must(p.sandbox("c", "db", nil))
	if !p.pings("a", "10.91.0.9") || p.pings("c", "10.91.0.9") {
		t.Error("a network is not one network")
	}
	p.must(p.join("web", "c", &apiv1.Attachment{Aliases: []string{"see"}}))
	if !p.pings("c", "10.91.0.9") {
		t.Error("c does not reach b on the network it was connected to")
	}
	r, err := p.ListSandboxes(t.Context(), connect.NewRequest(&apiv1.HostServiceListSandboxesRequest{}))
	p.must(err)
	if c := r.Msg.GetSandboxes()[2]; c.GetName() != "c" || len(c.GetNetworks()) != 2 || c.GetNetworks()[1].GetAliases()[1] != "see" {
		t.Errorf("c is %v", c)
	}
	g, err := p.GetNetwork(t.Context(), connect.NewRequest(&apiv1.HostServiceGetNetworkRequest{Network: "web"}))
	p.must(err)
	if n := g.Msg.GetNetwork(); len(n.GetEndpoints()) != 3 || n.GetSubnets()[0].GetGateway() != "10.91.0.1" || n.GetIpamDriver() != "default" {
		t.Errorf("web is %v", n)
	}
	if err := words(p.remove("web")); !strings.HasPrefix(err, "error while removing network: network web has active endpoints (name:") {
		t.Errorf("a network in use goes: %s", err)
	}
	p.must(p.leave("web", "c", false))
	if p.pings("c", "10.91.0.9") {
		t.Error("c reaches what it was disconnected from")
	}
	for _, name := range []string{"a", "b", "c"} {
		p.must(p.removeBox(name, false))
	}
	p.must(p.remove("web"))
	p.must(p.remove("db"))
	if left := len(p.model.Endpoints()) + len(p.model.Networks()) + len(p.model.Sandboxes()) + len(p.model.Leases()); left != 0 {
		t.Errorf("%d records are left", left)
	}
}

// TestWords compares what is refused with docker's words.
func TestWords(t *testing.T) {
	p := newPlace(t)
	p.must(p.network(bridged("web", "10.91.0.0/24")))
	p.must(p.sandbox("a", "web", nil))
	with := func(change func(n *apiv1.HostNetwork)) func() error {
		return func() error {
			n := bridged("x", "10.93.0.0/24")
			change(n)
			return p.network(n)
		}
	}
	for _, c := range []struct {
		do   func() error
		code linkspan.Code
		want string
	}{
		{with(func(n *apiv1.HostNetwork) { n.Name = "web" }), linkspan.Exists, "network with name web already exists"},
		{with(func(n *apiv1.HostNetwork) { n.Name = "everywhere" }), linkspan.Exists, "network with name everywhere already exists"},
		{with(func(n *apiv1.HostNetwork) { n.Name = "host" }), linkspan.Permission, "operation is not permitted on predefined host network"},
		{with(func(n *apiv1.HostNetwork) { n.Name = "a/b" }), linkspan.Invalid, `network name "a/b" has a character that is not allowed`},
		{with(func(n *apiv1.HostNetwork) { n.Driver = "bogus" }), linkspan.NotFound, `plugin "bogus" not found`},
		{with(func(n *apiv1.HostNetwork) { n.IpamDriver = "bogus" }), linkspan.NotFound, `plugin "bogus" not found`},
		{with(func(n *apiv1.HostNetwork) { n.Scope = "global" }), linkspan.Invalid, "networks of driver bridge have scope local, not global"},
		{with(func(n *apiv1.HostNetwork) { n.Ingress = true }), linkspan.Invalid, "the ingress network is of a swarm, and this host has no Docker"},
		{with(func(n *apiv1.HostNetwork) { n.ConfigOnly = true }), linkspan.Invalid, "config-only networks are Docker's, and this host has no Docker"},
		{with(func(n *apiv1.HostNetwork) { n.Options = map[string]string{"x": "y"} }), linkspan.Invalid, "unknown option x of the network"},
		{with(func(n *apiv1.HostNetwork) { n.IpamOptions = map[string]string{"x": "y"} }), linkspan.Invalid, "unknown ipam option x"},
		{with(func(n *apiv1.HostNetwork) { n.Subnets[0].Subnet = "10.93.0.5/24" }), linkspan.Invalid, "invalid subnet 10.93.0.5/24: it should be 10.93.0.0/24"},
		{with(func(n *apiv1.HostNetwork) { n.Subnets[0].Subnet = "fd00::/64" }), linkspan.Invalid, "subnet fd00::/64 is IPv6, which is not enabled"},
		{with(func(n *apiv1.HostNetwork) { n.Subnets[0].Gateway = "bogus" }), linkspan.Invalid, "invalid gateway address bogus"},
		{with(func(n *apiv1.HostNetwork) { n.Subnets[0].Range = "10.9.0.0/24" }), linkspan.Invalid, "no matching subnet for range 10.9.0.0/24"},
		{with(func(n *apiv1.HostNetwork) { n.Subnets[0].Subnet = "10.91.0.0/25" }), linkspan.Conflict, "subnet 10.91.0.0/25 overlaps with 10.91.0.0/24 of another network"},
		{func() error { return p.remove("nope") }, linkspan.NotFound, "network nope not found"},
		{func() error { return p.join("nope", "a", nil) }, linkspan.NotFound, "network nope not found"},
		{func() error { return p.join("web", "nope", nil) }, linkspan.NotFound, "No such sandbox: nope"},
		{func() error { return p.join("web", "a", nil) }, linkspan.Exists, "endpoint with name a already exists in network web"},
		{func() error { return p.join("web", "a", &apiv1.Attachment{Ipv4: "1.2.3"}) }, linkspan.Invalid, "invalid IPv4 address: 1.2.3"},
		{func() error { return p.join("web", "a", &apiv1.Attachment{Ipv6: "10.0.0.1"}) }, linkspan.Invalid, "invalid IPv6 address: 10.0.0.1"},
		{func() error { return p.join("web", "a", &apiv1.Attachment{Links: []string{"b"}}) }, linkspan.Invalid, "links are for containers, and this is a sandbox"},
		{func() error { return p.sandbox("b", "web", &apiv1.Attachment{Ipv4: "10.94.0.1"}) }, linkspan.Invalid, "10.94.0.1 is not a host address of 10.91.0.0/24"},
		{func() error { return p.sandbox("b", "web", &apiv1.Attachment{Ipv4: "10.91.0.2"}) }, linkspan.Exists, "address 10.91.0.2 is taken"},
		{func() error { return p.sandbox("b", "web", &apiv1.Attachment{Options: map[string]string{"x": "y"}}) }, linkspan.Invalid, "unknown option x of the endpoint"},
		{func() error { return p.sandbox("a", "", nil) }, linkspan.Exists, `the sandbox name "a" is already in use`},
		{func() error { return p.sandbox("b", "nope", nil) }, linkspan.NotFound, "network nope not found"},
		{func() error { return p.leave("web", "nope", false) }, linkspan.NotFound, "No such sandbox: nope"},
		{func() error { return p.leave("everywhere", "a", false) }, linkspan.NotFound, "sandbox a is not connected to network everywhere"},
		{func() error { return p.removeBox("nope", false) }, linkspan.NotFound, "No such sandbox: nope"},
	} {
		err := c.do()
		if words(err) != c.want || linkspan.CodeOf(api.FromRPC(err)) != c.code {
			t.Errorf("got %s, %s\nwant %s, %s", linkspan.CodeOf(api.FromRPC(err)), words(err), c.code, c.want)
		}
	}
	if n, s := len(p.model.Networks()), len(p.model.Sandboxes()); n != 1 || s != 1 {
		t.Errorf("what was refused left %d networks and %d sandboxes", n-1, s-1)
	}
}

func TestHostAndNull(t *testing.T) {
	p := newPlace(t)
	p.must(p.network(&apiv1.HostNetwork{Name: "outside", Driver: "host"}))
	p.must(p.network(&apiv1.HostNetwork{Name: "nothing", Driver: "null"}))
	p.must(p.network(bridged("web", "10.91.0.0/24")))
	p.must(p.sandbox("a", "nothing", nil))
	if got := words(p.join("outside", "a", nil)); got != "sandbox cannot be disconnected from host network or connected to host network" {
		t.Errorf("joining the host's network: %s", got)
	}
	if got := words(p.network(&apiv1.HostNetwork{Name: "more", Driver: "host"})); got != `only one instance of "host" network is allowed` {
		t.Errorf("a second one: %s", got)
	}
	p.must(p.join("web", "a", nil))
}

// TestProgramsKeepASandbox starts a program in one.
func TestProgramsKeepASandbox(t *testing.T) {
	p := newPlace(t)
	p.must(p.sandbox("a", "", nil))
	s, err := p.model.FindSandbox("a")
	p.must(err)
	sleep := exec.Command("sleep", "600")
	p.must(s.Do(sleep.Start))
	ended := make(chan error, 1)
	go func() { ended <- sleep.Wait() }()
	if got := words(p.removeBox("a", false)); !strings.HasPrefix(got, `cannot remove sandbox "a": programs run in it`) {
		t.Errorf("a sandbox in use goes: %s", got)
	}
	p.must(p.removeBox("a", true))
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("the program ended with %v", err)
	}
}

// TestLeftovers takes away what a crash left: an endpoint that is in no sandbox.
func TestLeftovers(t *testing.T) {
	p := newPlace(t)
	p.must(p.network(bridged("web", "10.91.0.0/24")))
	p.must(p.sandbox("a", "web", nil))
	n, err := p.model.FindNetwork("web")
	p.must(err)
	_, err = p.model.NewEndpoint(t.Context(), cnm.EndpointSpec{Name: "lost", Network: n.ID})
	p.must(err)
	p.start()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	for end := time.Now().Add(time.Minute); len(p.model.Endpoints()) != 1; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("endpoints are %+v", p.model.Endpoints())
		}
	}
	cancel()
	<-ended
	if e := p.model.Endpoints()[0]; e.Name != "a" || e.State != cnm.Joined {
		t.Errorf("left is %+v", e)
	}
	if !p.pings("a", "10.91.0.1") {
		t.Error("after a restart the sandbox does not reach its gateway")
	}
}
