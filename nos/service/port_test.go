// SPDX-License-Identifier: Apache-2.0

package service_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	dockernetwork "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// bridged is a switch with br-switch, on which composites have ports, and a configuration.
func bridged(t *testing.T, commands string) (w *world, drift func() string) {
	t.Helper()
	host := ovstest.Start(t)
	sw := ovs.Start(ovs.Config{Bridge: bridge.Name, RunDir: host.RunDir})
	t.Cleanup(sw.Close)
	part := bridge.New(bridge.Config{Switch: sw})
	var w1 *world
	flows := forward.New(forward.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Access: func() map[string]uint16 { return w1.Access() }, Dial: func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(host.RunDir, bridge.Name+".mgmt"))
	}})
	w1 = newWorld(t, func(o *service.Options) { o.Ports = sw })
	configuration := configured(t, commands)
	plan, err := part.Plan(t.Context(), nil, configuration)
	w1.must(err)
	w1.must(plan.Apply(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = flows.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	plan, err = flows.Plan(t.Context(), nil, configuration)
	w1.must(err)
	w1.must(plan.Apply(t.Context()))
	return w1, func() string {
		var list []string
		for _, h := range []config.Host{part, flows} {
			all, err := h.Drift(t.Context(), configuration)
			w1.must(err)
			for _, d := range all {
				list = append(list, strings.Join(d.Path, " ")+": "+d.Want+" "+d.Have)
			}
		}
		return strings.Join(list, "\n")
	}
}

func attached(name, image string, vlan uint16, address string) linkspan.Composite {
	return linkspan.Composite{Name: name, Attach: []linkspan.Attachment{{Interface: "eth0", VLAN: vlan, Addresses: []string{address}}}, Services: []linkspan.CompositeMember{{Name: name, Image: image}}}
}

// Composites in one VLAN reach each other through br-switch, and none in another one; also after a
// sandbox was made anew, and none of it is drift.
func TestPorts(t *testing.T) {
	w, drift := bridged(t, "set vlans 10\nset vlans 20")
	image := w.image("1", nil)
	w.must(w.apply(attached("a", image, 10, "192.0.2.1/24"), attached("b", image, 10, "192.0.2.2/24"), attached("c", image, 20, "192.0.2.3/24")))
	refused := "200 dial tcp 192.0.2.2:9: connect: connection refused" // somebody is there, who has nothing at this port
	w.wants("a", "/v1/a/ping?to=192.0.2.2:9", refused)
	mac := w.get("a", "/v1/a/links")
	if !strings.Contains(mac, "eth0") || !strings.Contains(mac, "192.0.2.1/24") {
		t.Errorf("interfaces: %s", mac)
	}
	if got := w.get("c", "/v1/c/ping?to=192.0.2.2:9"); !strings.Contains(got, "no route to host") {
		t.Errorf("another VLAN: %s", got)
	}
	if d := drift(); d != "" {
		t.Errorf("drift: %s", d)
	}
	kill(w, w.containers("a")[""])
	w.wants("a", "/v1/a/links", mac) // the same address of Ethernet
	w.wants("a", "/v1/a/ping?to=192.0.2.2:9", refused)
	w.again()
	w.wants("a", "/v1/a/ping?to=192.0.2.2:9", refused)
	// An interface elsewhere: its sandbox is another one.
	w.must(w.apply(attached("c", image, 10, "192.0.2.3/24")))
	w.wants("c", "/v1/c/ping?to=192.0.2.2:9", refused)
	w.must(w.Apply(t.Context(), service.Set{Remove: []string{"a", "b", "c"}}, nil))
	w.eventually("all is gone", func() bool { return len(w.containers("a"))+len(w.containers("c")) == 0 })
	if len(w.Access()) > 0 || strings.Contains(ovstest.IP(t, "-br", "link"), ovs.ServicePrefix) {
		t.Errorf("ports are left: %v %s", w.Access(), ovstest.IP(t, "-br", "link"))
	}
	if d := drift(); d != "" {
		t.Errorf("drift: %s", d)
	}
}

// A sandbox in networks of Docker has interfaces of the names that were asked for.
func TestNetworks(t *testing.T) {
	w := newWorld(t)
	for name, subnet := range map[string]string{"red": "198.51.100.0/25", "blue": "198.51.100.128/25"} {
		_, err := w.docker.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{Driver: "bridge", IPAM: &dockernetwork.IPAM{Config: []dockernetwork.IPAMConfig{{Subnet: netip.MustParsePrefix(subnet)}}}})
		w.must(err)
	}
	image := w.image("1", nil)
	c := linkspan.Composite{Name: "a", Attach: []linkspan.Attachment{{Interface: "eth1", Network: "blue"}, {Interface: "eth0", Network: "red", Addresses: []string{"198.51.100.9"}}}, Services: []linkspan.CompositeMember{{Name: "a", Image: image}}}
	w.must(w.apply(c))
	links := w.get("a", "/v1/a/links")
	for _, line := range strings.Split(links, "\n") {
		if strings.HasPrefix(line, "eth0 ") && !strings.Contains(line, "198.51.100.9/") || strings.HasPrefix(line, "eth1 ") && !strings.Contains(line, "198.51.100.1") {
			t.Errorf("interfaces: %s", links)
		}
	}
	if strings.Count(links, "eth0 ")+strings.Count(links, "eth1 ") != 2 {
		t.Errorf("interfaces: %s", links)
	}
	w.wants("a", "/v1/a/ping?to=198.51.100.1:9", "200 dial tcp 198.51.100.1:9: connect: connection refused")
	c.Attach[0].Network = "nowhere"
	if err := w.apply(c); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("no such network: %v", err)
	}
}

func configured(t *testing.T, commands string) *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.New(s).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
