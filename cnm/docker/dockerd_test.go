// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/linkspan/linkspan"
)

// A real dockerd, whatever version is installed, drives the plugin.
func TestDockerd(t *testing.T) {
	inNamespaces(t, func(t *testing.T) {
		h := newHost(t)
		t.Logf("dockerd is %s", h.do(t, "version", "-f", "{{.Server.Version}}"))
		for _, scene := range []struct {
			name string
			play func(*testing.T, *host)
		}{
			{"two containers reach each other", twoContainers},
			{"networks of one subnet", oneSubnetTwice},
			{"connect and disconnect", connectDisconnect},
			{"internal network", internalNetwork},
			{"default subnets", defaultSubnets},
			{"stop and start", stopStart},
			{"many at once", manyAtOnce},
			{"controller away", controllerAway},
			{"refusals", refusals},
			{"plugin restart", pluginRestart},
			{"daemon restart", daemonRestart},
			{"daemon crash", daemonCrash},
		} {
			t.Run(scene.name, func(t *testing.T) {
				scene.play(t, h)
				h.wantClean(t)
			})
		}
	})
}

func create(t *testing.T, h *host, args ...string) {
	t.Helper()
	h.do(t, append([]string{"network", "create", "-d", "linkspan", "--ipam-driver", "linkspan"}, args...)...)
}

func twoContainers(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "--ip-range", "10.7.0.0/25", "--aux-address", "nas=10.7.0.2", "web")
	h.run(t, "c1", "--network", "web")
	h.run(t, "c2", "--network", "web", "--ip", "10.7.0.200")
	if a := h.address(t, "c1", "web"); a.String() != "10.7.0.3" {
		t.Errorf("c1 has %s", a)
	}
	h.ping(t, "c1", "10.7.0.200")
	h.ping(t, "c2", "c1")
	links := h.do(t, "exec", "c1", "ip", "link")
	if !strings.Contains(links, "eth0@") || !strings.Contains(links, "mtu 1400") || strings.Contains(links, "eth1") {
		t.Errorf("links of c1 are\n%s", links)
	}
	if routes := h.do(t, "exec", "c1", "ip", "route"); !strings.Contains(routes, "default via 10.7.0.1 dev eth0") {
		t.Errorf("routes of c1 are %q", routes)
	}
	if gw := h.do(t, "network", "ls", "-q", "-f", "name=docker_gwbridge"); gw != "" {
		t.Errorf("docker_gwbridge appeared")
	}
	h.refuse(t, "10.7.0.200 is taken", "run", "--network", "web", "--ip", "10.7.0.200", "busybox", "sleep", "0")
	h.refuse(t, "gateway", "run", "--network", "web", "--ip", "10.7.0.1", "busybox", "sleep", "0")
	h.refuse(t, "active endpoints", "network", "rm", "web")
}

func oneSubnetTwice(t *testing.T, h *host) {
	for _, n := range []string{"red", "blue"} {
		create(t, h, "--subnet", "10.7.0.0/24", n)
		h.run(t, n+"1", "--network", n)
		if a := h.address(t, n+"1", n); a.String() != "10.7.0.2" {
			t.Errorf("%s1 has %s, want the first address of its own network", n, a)
		}
	}
}

func connectDisconnect(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "front")
	create(t, h, "--subnet", "10.8.0.0/24", "-o", "com.docker.network.container_iface_prefix=back", "back")
	h.run(t, "c1", "--network", "front")
	h.run(t, "c2", "--network", "back")
	h.do(t, "network", "connect", "back", "c1")
	h.ping(t, "c1", "c2")
	if links := h.do(t, "exec", "c1", "ip", "link"); !strings.Contains(links, "back0@") || !strings.Contains(links, "eth0@") {
		t.Errorf("links of c1 are\n%s", links)
	}
	h.do(t, "network", "disconnect", "front", "c1")
	h.ping(t, "c1", "c2")
	if n := len(h.c.Endpoints()); n != 2 {
		t.Errorf("there are %d endpoints, want 2", n)
	}
}

func internalNetwork(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "--internal", "deep")
	h.run(t, "c1", "--network", "deep")
	if routes := h.do(t, "exec", "c1", "ip", "route"); strings.Contains(routes, "default") {
		t.Errorf("routes of c1 are %q", routes)
	}
}

func defaultSubnets(t *testing.T, h *host) {
	create(t, h, "one")
	create(t, h, "two")
	h.run(t, "c1", "--network", "one")
	h.run(t, "c2", "--network", "two")
	if a, b := h.address(t, "c1", "one"), h.address(t, "c2", "two"); a == b {
		t.Errorf("both have %s", a)
	}
}

func stopStart(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.run(t, "c1", "--network", "web", "--ip", "10.7.0.9")
	h.do(t, "stop", "-t", "0", "c1")
	if n := len(h.c.Endpoints()) + len(h.fabric.Held()); n != 0 {
		t.Errorf("a stopped container holds %d endpoints and addresses", n)
	}
	h.do(t, "start", "c1")
	h.do(t, "restart", "-t", "0", "c1")
	if a := h.address(t, "c1", "web"); a.String() != "10.7.0.9" {
		t.Errorf("c1 has %s", a)
	}
}

func manyAtOnce(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 4 {
				name := fmt.Sprintf("c%d-%d", worker, i)
				if out, err := h.try("run", "-d", "--network", "web", "--name", name, "busybox", "sleep", "3600"); err != nil {
					t.Errorf("run: %v: %s", err, out)
				}
				if out, err := h.try("rm", "-f", name); err != nil {
					t.Errorf("rm: %v: %s", err, out)
				}
			}
		})
	}
	group.Wait()
}

// A container starts when the controller is back, and one that goes while it
// is away holds nobody up and leaves nothing.
func controllerAway(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.run(t, "c1", "--network", "web")
	var refused atomic.Int64
	h.away(func() error {
		if refused.Add(1) > 8 {
			return nil
		}
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the controller is away"}
	})
	h.do(t, "rm", "-f", "c1")
	h.run(t, "c2", "--network", "web")
	if refused.Load() <= 8 {
		t.Errorf("asked %d times only", refused.Load())
	}
	h.away(nil)
	h.settle(t)
}

func refusals(t *testing.T, h *host) {
	h.refuse(t, "docker network create -d linkspan --ipam-driver linkspan --subnet 10.7.0.0/24 NAME",
		"network", "create", "-d", "linkspan", "--subnet", "10.7.0.0/24", "web")
	args := []string{"network", "create", "-d", "linkspan", "--ipam-driver", "linkspan", "--subnet", "10.7.0.0/24"}
	h.refuse(t, "smaller than IPv6 needs", append(args, "--ipv6", "--subnet", "fd91::/64", "-o", "com.docker.network.driver.mtu=1200", "web")...)
	h.refuse(t, "is loopback, multicast, link-local or unspecified", append(args, "--ipv6", "--subnet", "fe80::/64", "web")...)
	h.refuse(t, "unknown option linkspan.colour", append(args, "-o", "linkspan.colour=red", "web")...)
	h.refuse(t, "unknown ipam option tenant", append(args, "--ipam-opt", "tenant=a", "web")...)
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.refuse(t, "ports cannot be published", "run", "-p", "18080:80", "--network", "web", "busybox", "sleep", "0")
}

func pluginRestart(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.run(t, "c1", "--network", "web")
	h.stop()
	h.startPlugin()
	h.run(t, "c2", "--network", "web")
	h.ping(t, "c1", "c2")
}

func daemonRestart(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.run(t, "c1", "--network", "web", "--restart", "always")
	h.stopDaemon(syscall.SIGTERM)
	h.startDaemon()
	h.ping(t, "c1", h.address(t, "c1", "web").String())
}

func daemonCrash(t *testing.T, h *host) {
	create(t, h, "--subnet", "10.7.0.0/24", "web")
	h.run(t, "c1", "--network", "web", "--restart", "always")
	h.run(t, "c2", "--network", "web")
	h.stopDaemon(syscall.SIGKILL)
	h.startDaemon()
	h.do(t, "start", "c2")
	h.ping(t, "c2", "c1")
	if n := len(h.c.Endpoints()); n != 2 {
		t.Errorf("there are %d endpoints, want 2", n)
	}
}
