// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
)

// A real dockerd, which manages the host's firewall, drives the drivers whose
// networks are of one host, with Docker's own IPAM.
func TestDockerdLocal(t *testing.T) {
	inNamespaces(t, func(t *testing.T) {
		h := newHostWith(t, true)
		uplink(t)
		for _, scene := range []struct {
			name string
			play func(*testing.T, *host)
		}{
			{"a bridge network", bridgeNetwork},
			{"published ports", bridgePorts},
			{"the same as Docker's own", sameAsNative},
			{"internal bridge", bridgeInternal},
			{"both families", bridgeIPv6},
			{"no addresses", bridgeNull},
			{"bridges keep apart", bridgesApart},
			{"a bridge after the plugin was restarted", bridgeRestart},
			{"what a bridge refuses", bridgeRefusals},
			{"macvlan", macvlanNetwork},
		} {
			t.Run(scene.name, func(t *testing.T) {
				scene.play(t, h)
				h.wantClean(t)
			})
		}
	})
}

// uplink gives the host a link with an address.
func uplink(t *testing.T) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = "up0"
	link := netlink.NewVeth(attrs)
	link.PeerName = "up1"
	address, err := netlink.ParseAddr("192.0.2.1/24")
	if err == nil {
		err = netlink.LinkAdd(link)
	}
	for _, name := range []string{"up0", "up1"} {
		l, lookErr := netlink.LinkByName(name)
		if err == nil {
			err = lookErr
		}
		if err == nil {
			err = netlink.LinkSetUp(l)
		}
		if err == nil && name == "up0" {
			err = netlink.AddrAdd(l, address)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func bridgeNetwork(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "--subnet", "10.20.0.0/24", "--ip-range", "10.20.0.128/25",
		"--aux-address", "nas=10.20.0.5", "-o", "com.docker.network.driver.mtu=1400", "web")
	h.run(t, "c1", "--network", "web")
	h.run(t, "c2", "--network", "web", "--ip", "10.20.0.200")
	if a := h.address(t, "c1", "web"); a.String() != "10.20.0.129" && a.String() != "10.20.0.130" {
		t.Errorf("c1 has %s", a)
	}
	h.ping(t, "c1", "c2")
	h.ping(t, "c1", "192.0.2.1")
	links := h.do(t, "exec", "c2", "ip", "link")
	if !strings.Contains(links, "mtu 1400") || strings.Contains(links, "eth1") {
		t.Errorf("links of c2 are\n%s", links)
	}
	h.refuse(t, "active endpoints", "network", "rm", "web")
	h.do(t, "network", "create", "-d", "linkspan-bridge", "other")
	h.do(t, "network", "connect", "other", "c1")
	h.do(t, "network", "disconnect", "web", "c1")
	if routes := h.do(t, "exec", "c1", "ip", "route"); !strings.Contains(routes, "default via") {
		t.Errorf("routes of c1 are %q", routes)
	}
}

// answers waits until what serves at the address has said its words.
func answers(t *testing.T, address, want string) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err != nil {
			last = err
			continue
		}
		_ = conn.SetDeadline(time.Now().Add(time.Second))
		said, err := io.ReadAll(conn)
		_ = conn.Close()
		if last = err; strings.TrimSpace(string(said)) == want {
			return
		}
	}
	t.Errorf("%s does not say %q: %v", address, want, last)
}

// serving runs a container that says its name to whoever connects.
func serving(t *testing.T, h *host, name string, args ...string) {
	t.Helper()
	h.do(t, append(append([]string{"run", "-d", "--stop-signal", "KILL", "--name", name}, args...),
		"busybox", "sh", "-c", "while true; do echo "+name+" | nc -l -p 80; done")...)
}

func bridgePorts(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "web")
	serving(t, h, "c1", "--network", "web", "-p", "18080:80", "-p", "127.0.0.1:18081:80")
	answers(t, "192.0.2.1:18080", "c1")
	answers(t, "127.0.0.1:18080", "c1")
	answers(t, "127.0.0.1:18081", "c1")
	if shown := h.do(t, "port", "c1"); shown != "" {
		t.Errorf("docker port shows %q; the guide says that it cannot", shown)
	}
	t.Logf("docker ps shows ports %q", h.do(t, "ps", "--format", "{{.Ports}}"))
	if conn, err := net.DialTimeout("tcp", "192.0.2.1:18081", 300*time.Millisecond); err == nil {
		_ = conn.Close()
		t.Error("a port of 127.0.0.1 is open on another address")
	}
	h.refuse(t, "port is already allocated", "run", "--network", "web", "-p", "18080:80", "busybox", "sleep", "0")
	h.do(t, "restart", "-t", "0", "c1")
	answers(t, "192.0.2.1:18080", "c1")
	h.do(t, "rm", "-f", "c1")
	if conn, err := net.DialTimeout("tcp", "192.0.2.1:18080", 300*time.Millisecond); err == nil {
		_ = conn.Close()
		t.Error("the port outlives its container")
	}
}

// sameAsNative compares what docker shows of a network and of a container in
// it with the same of Docker's own bridge driver.
func sameAsNative(t *testing.T, h *host) {
	shown := make(map[string]map[string]any)
	for _, driver := range []string{"bridge", "linkspan-bridge"} {
		h.do(t, "network", "create", "-d", driver, "--subnet", "10.20.0.0/24", "--label", "a=b", "same")
		h.run(t, "c1", "--network", "same")
		h.ping(t, "c1", "192.0.2.1")
		shown[driver] = map[string]any{
			"network":   inspected(t, h, "network", "inspect", "same"),
			"address":   h.do(t, "exec", "c1", "ip", "-4", "-o", "address", "show", "eth0"),
			"routes":    h.do(t, "exec", "c1", "ip", "route"),
			"gateway":   h.do(t, "inspect", "-f", "{{.NetworkSettings.Networks.same.Gateway}}", "c1"),
			"prefixlen": h.do(t, "inspect", "-f", "{{.NetworkSettings.Networks.same.IPPrefixLen}}", "c1"),
			"resolver":  h.do(t, "exec", "c1", "cat", "/etc/resolv.conf"),
		}
		h.do(t, "rm", "-f", "c1")
		h.do(t, "network", "rm", "same")
	}
	for _, s := range shown {
		s["address"] = after(s["address"].(string), "inet ")
	}
	if diff := cmp.Diff(shown["bridge"], shown["linkspan-bridge"]); diff != "" {
		t.Errorf("docker shows (-its own +ours):\n%s", diff)
	}
}

// after returns the rest of a text, without the number that the kernel gives
// every link.
func after(text, mark string) string {
	_, rest, _ := strings.Cut(text, mark)
	return rest
}

// inspected returns what inspect shows, less what differs each time.
func inspected(t *testing.T, h *host, args ...string) map[string]any {
	t.Helper()
	var all []map[string]any
	if err := json.Unmarshal([]byte(h.do(t, args...)), &all); err != nil || len(all) != 1 {
		t.Fatalf("inspect: %v, %v", all, err)
	}
	for _, key := range []string{"Id", "Created", "Driver"} {
		delete(all[0], key)
	}
	containers := make(map[string]any)
	for _, c := range all[0]["Containers"].(map[string]any) {
		c := c.(map[string]any)
		for _, key := range []string{"EndpointID", "MacAddress"} {
			delete(c, key)
		}
		containers[c["Name"].(string)] = c
	}
	all[0]["Containers"] = containers
	return all[0]
}

func bridgeInternal(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "--internal", "deep")
	h.run(t, "c1", "--network", "deep")
	h.run(t, "c2", "--network", "deep")
	h.ping(t, "c1", "c2")
	if routes := h.do(t, "exec", "c1", "ip", "route"); strings.Contains(routes, "default") {
		t.Errorf("routes of c1 are %q", routes)
	}
	if links := h.do(t, "exec", "c1", "ip", "link"); strings.Contains(links, "eth1") {
		t.Errorf("docker added an interface:\n%s", links)
	}
}

func bridgeIPv6(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "--ipv6", "--subnet", "fd00:20::/64", "web")
	h.run(t, "c1", "--network", "web")
	h.run(t, "c2", "--network", "web", "--ip6", "fd00:20::99")
	h.ping(t, "c1", "-6", "fd00:20::99")
	if routes := h.do(t, "exec", "c1", "ip", "-6", "route"); !strings.Contains(routes, "default via fd00:20::1 dev eth0") {
		t.Errorf("routes of c1 are %q", routes)
	}
}

func bridgeNull(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "--ipam-driver", "null", "bare")
	h.run(t, "c1", "--network", "bare")
	if addresses := h.do(t, "exec", "c1", "ip", "-4", "-o", "address", "show", "eth0"); addresses != "" {
		t.Errorf("c1 has %s", addresses)
	}
}

func bridgesApart(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "red")
	h.do(t, "network", "create", "-d", "linkspan-bridge", "blue")
	h.run(t, "c1", "--network", "red")
	h.run(t, "c2", "--network", "blue")
	if out, err := h.try("exec", "c1", "ping", "-c1", "-W1", h.address(t, "c2", "blue").String()); err == nil {
		t.Errorf("red reaches blue: %s", out)
	}
	h.do(t, "network", "connect", "blue", "c1")
	h.ping(t, "c1", "c2")
}

func bridgeRestart(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-bridge", "web")
	serving(t, h, "c1", "--network", "web", "-p", "18080:80")
	answers(t, "192.0.2.1:18080", "c1")
	h.stop()
	answers(t, "192.0.2.1:18080", "c1")
	h.startPlugin()
	h.run(t, "c2", "--network", "web")
	h.ping(t, "c2", "c1")
	answers(t, "192.0.2.1:18080", "c1")
}

func bridgeRefusals(t *testing.T, h *host) {
	args := []string{"network", "create", "-d", "linkspan-bridge", "--subnet", "10.20.0.0/24"}
	h.refuse(t, "unknown option colour", append(args, "-o", "colour=red", "web")...)
	h.refuse(t, "is not true or false", append(args, "-o", "com.docker.network.bridge.enable_icc=maybe", "web")...)
	h.do(t, append(args, "web")...)
	h.refuse(t, "does not implement", "network", "create", "-d", "linkspan-bridge", "--ipam-driver", "linkspan-bridge", "other")
}

func macvlanNetwork(t *testing.T, h *host) {
	h.do(t, "network", "create", "-d", "linkspan-macvlan", "--subnet", "10.21.0.0/24", "-o", "parent=up0", "lan")
	h.run(t, "c1", "--network", "lan")
	h.run(t, "c2", "--network", "lan")
	h.ping(t, "c1", "c2")
	if routes := h.do(t, "exec", "c1", "ip", "route"); !strings.Contains(routes, "default via 10.21.0.1 dev eth0") {
		t.Errorf("routes of c1 are %q", routes)
	}
	if links := h.do(t, "exec", "c1", "ip", "link"); strings.Contains(links, "eth1") {
		t.Errorf("docker added an interface:\n%s", links)
	}
	h.do(t, "restart", "-t", "0", "c1")
	h.ping(t, "c2", "c1")
	h.refuse(t, "no link none0", "network", "create", "-d", "linkspan-macvlan", "-o", "parent=none0", "other")
	h.refuse(t, "already using parent interface", "network", "create", "-d", "linkspan-macvlan", "-o", "parent=up0", "other")
}
