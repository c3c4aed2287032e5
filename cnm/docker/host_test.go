// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/cnmtest"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/cnm/driver/macvlan"
	"github.com/linkspan/linkspan/cnm/ipam/pool"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/store/kv/bbolt"
)

// host is a machine with a dockerd and our plugin. Fabric and bridge are in
// memory; the bridge's ports are joined by a bridge of the kernel's.
type host struct {
	t       *testing.T
	folder  string
	kill    *cnmtest.Kill
	fabric  *cnmtest.Fabric
	bridge  *cnmtest.Bridge
	daemon  *exec.Cmd
	c       *cnm.Controller
	numbers map[string]linkspan.NetworkID // by Docker's network id
	outage  atomic.Pointer[func() error]  // what the fabric fails with
	stop    func()                        // the plugin
	filter  bool                          // dockerd manages the host's iptables
}

const patience = 60 * time.Second

func newHost(t *testing.T) *host {
	t.Helper()
	return newHostWith(t, false)
}

func newHostWith(t *testing.T, filter bool) *host {
	t.Helper()
	kill := new(cnmtest.Kill)
	h := &host{
		t: t, folder: "/run/test", kill: kill, fabric: &cnmtest.Fabric{Kill: kill}, bridge: &cnmtest.Bridge{Kill: kill},
		numbers: make(map[string]linkspan.NetworkID), filter: filter,
	}
	h.fabric.Fail = func(string) error {
		if fail := h.outage.Load(); fail != nil {
			return (*fail)()
		}
		return nil
	}
	if err := os.Mkdir(h.folder, 0o700); err != nil { // on the /run of our own
		t.Fatal(err)
	}
	br := netlink.NewLinkAttrs()
	br.Name = "joiner"
	if err := netlink.LinkAdd(&netlink.Bridge{LinkAttrs: br}); err != nil {
		t.Fatal(err)
	}
	link, err := netlink.LinkByName("joiner")
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.startPlugin()
	h.startDaemon()
	t.Cleanup(func() { h.stopDaemon(syscall.SIGTERM); h.stop() })
	h.importBusybox()
	return h
}

// kernelBridge adds ports to the kernel's bridge, too.
type kernelBridge struct{ *cnmtest.Bridge }

func (b kernelBridge) AddPort(ctx context.Context, p ovs.Port) error {
	link, err := netlink.LinkByName(p.Name)
	if err != nil {
		return err
	}
	joiner, err := netlink.LinkByName("joiner")
	if err != nil {
		return err
	}
	return errors.Join(netlink.LinkSetMaster(link, joiner), b.Bridge.AddPort(ctx, p))
}

// startPlugin starts everything of ours, as a new process would.
func (h *host) startPlugin() {
	h.t.Helper()
	store, err := bbolt.Open(filepath.Join(h.folder, "state.db"))
	if err != nil {
		h.t.Fatal(err)
	}
	driver, err := hotplug.New(hotplug.Options{
		Ports: kernelBridge{h.bridge}, Links: hotplug.Kernel{}, Fabric: h.fabric, MTU: 1400,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	local := bridge.New(bridge.Options{Log: log})
	h.c, err = cnm.New(cnm.Options{
		Store: store, Log: log, Drivers: map[string]cnm.Driver{
			"hotplug": driver, "bridge": local, "macvlan": macvlan.New(),
		},
		IPAMs: map[string]cnm.IPAM{"pool": pool.New(pool.Options{Fabric: h.fabric})},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	servers := []*docker.Server{
		docker.New(docker.Options{Controller: h.c, Name: "linkspan", Driver: "hotplug", IPAM: "pool", IPv6: true, IPv4: true, Log: log}),
	}
	names := []string{"linkspan"}
	for _, local := range []string{"bridge", "macvlan"} {
		names = append(names, "linkspan-"+local)
		servers = append(servers, docker.New(docker.Options{
			Controller: h.c, Name: "linkspan-" + local, Driver: local, IPv6: true, OneHost: true, OwnWayOut: true, Log: log,
		}))
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = h.c.Run(ctx) })
	group.Go(func() { h.bindAll(ctx) })
	for i, server := range servers {
		listener, err := docker.Listen("/run/docker/plugins/" + names[i] + ".sock")
		if err != nil {
			h.t.Fatal(err)
		}
		group.Go(func() {
			if err := server.Serve(ctx, listener); err != nil {
				h.t.Errorf("serve: %v", err)
			}
		})
	}
	h.stop = func() { cancel(); group.Wait(); local.Close(); _ = store.Close() }
}

// bindAll does what the mirror does: it gives each network one of the fabric.
func (h *host) bindAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.c.Changes():
		}
		for _, n := range h.c.Unbound() {
			if n.Driver != "hotplug" {
				continue
			}
			id, ok := h.numbers[n.ID]
			if !ok {
				id = linkspan.NetworkID(len(h.numbers) + 1)
				h.numbers[n.ID] = id
			}
			web := linkspan.Network{ID: id, Name: "net", Subnet: n.Subnet, Gateway: n.Gateway}
			web.ApplyDefaults()
			h.fabric.Put(web)
			if err := h.c.Bind(ctx, n.ID, web); err != nil && ctx.Err() == nil && linkspan.CodeOf(err) != linkspan.NotFound {
				h.t.Errorf("bind: %v", err)
			}
		}
	}
}

func (h *host) startDaemon() {
	h.t.Helper()
	log, err := os.Create(filepath.Join(h.folder, "dockerd.log"))
	if err != nil {
		h.t.Fatal(err)
	}
	defer log.Close()
	h.daemon = exec.Command("dockerd", "--data-root", filepath.Join(h.folder, "data"),
		"--exec-root", "/run/docker-exec", "-p", "/run/dockerd.pid", "-H", "unix:///run/docker.sock",
		"--bridge=none", "--iptables="+strconv.FormatBool(h.filter), "--ip6tables=false", "--storage-driver=vfs",
		"--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent=/"+os.Getenv(insideVariable), "-D")
	h.daemon.Stdout, h.daemon.Stderr = log, log
	if err := h.daemon.Start(); err != nil {
		h.t.Fatal(err)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		_, err := h.try("version")
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(log.Name())
			h.t.Fatalf("dockerd does not answer: %v\n%s", err, text)
		}
	}
}

func (h *host) stopDaemon(signal syscall.Signal) {
	containerd, _ := os.ReadFile("/run/docker-exec/containerd/containerd.pid")
	_ = h.daemon.Process.Signal(signal)
	_ = h.daemon.Wait()
	if pid, err := strconv.Atoi(strings.TrimSpace(string(containerd))); err == nil && signal == syscall.SIGKILL {
		// It dies with dockerd, and this process is the init that must reap it.
		_, _ = syscall.Wait4(pid, nil, 0, nil)
	}
}

// importBusybox makes the image "busybox" of Debian's static busybox.
func (h *host) importBusybox() {
	h.t.Helper()
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		h.t.Skipf("needs busybox-static: %v", err)
	}
	var image bytes.Buffer
	w := tar.NewWriter(&image)
	header := tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program))}
	err = errors.Join(w.WriteHeader(&header), write(w, program))
	for _, applet := range []string{"sh", "sleep", "ip", "ping", "cat", "nc"} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{
			Name: "bin/" + applet, Typeflag: tar.TypeSymlink, Linkname: "busybox",
		}))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command("docker", "-H", "unix:///run/docker.sock", "import", "-", "busybox")
	cmd.Stdin = &image
	if out, err := cmd.CombinedOutput(); err != nil {
		h.t.Fatalf("import: %v: %s", err, out)
	}
}

func write(w *tar.Writer, data []byte) error {
	_, err := w.Write(data)
	return err
}

// try runs a docker command.
func (h *host) try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", append([]string{"-H", "unix:///run/docker.sock"}, args...)...)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// do runs a docker command that must succeed.
func (h *host) do(t *testing.T, args ...string) string {
	t.Helper()
	out, err := h.try(args...)
	if err != nil {
		t.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// ping waits until a container has an answer to an echo request, of which one may be lost.
func (h *host) ping(t *testing.T, name string, args ...string) {
	t.Helper()
	ovstest.Eventually(t, strings.Join(args, " ")+" answers "+name, func() bool {
		_, err := h.try(append([]string{"exec", name, "ping", "-c1", "-W5"}, args...)...)
		return err == nil
	})
}

// refuse runs a docker command that must fail with these words.
func (h *host) refuse(t *testing.T, words string, args ...string) {
	t.Helper()
	out, err := h.try(args...)
	if err == nil || !strings.Contains(out, words) {
		t.Errorf("docker %s: got %v: %s; want it refused with %q", strings.Join(args, " "), err, out, words)
	}
}

// run starts a container that stays.
func (h *host) run(t *testing.T, name string, args ...string) {
	t.Helper()
	h.do(t, append(append([]string{"run", "-d", "--stop-signal", "KILL", "--name", name}, args...), "busybox", "sleep", "3600")...)
}

// away lets the fabric fail; nil ends that.
func (h *host) away(fail func() error) {
	if fail == nil {
		h.outage.Store(nil)
		return
	}
	h.outage.Store(&fail)
}

// settle waits until no removal is left to be repeated.
func (h *host) settle(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(patience); len(h.fabric.Held()) != len(h.c.Leases()); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not settled: %v, %v", h.fabric.Held(), h.c.Leases())
		}
	}
}

// wantClean removes all containers and networks, and looks for what is left.
func (h *host) wantClean(t *testing.T) {
	t.Helper()
	if ids := h.do(t, "ps", "-aq"); ids != "" {
		h.do(t, append([]string{"rm", "-f"}, strings.Fields(ids)...)...)
	}
	if ids := h.do(t, "network", "ls", "-q", "-f", "driver=linkspan", "-f", "driver=linkspan-bridge", "-f", "driver=linkspan-macvlan"); ids != "" {
		h.do(t, append([]string{"network", "rm"}, strings.Fields(ids)...)...)
	}
	ports, _ := h.bridge.Ports(t.Context())
	links, err := netns.List(t.Context(), "l")
	if err != nil {
		t.Fatal(err)
	}
	links = slices.DeleteFunc(links, func(l netns.Link) bool { return l.Name == "lo" })
	if n := len(h.c.Networks()) + len(h.c.Endpoints()) + len(h.c.Pools()) + len(h.c.Leases()); n > 0 {
		t.Errorf("records left: %v %v %v %v", h.c.Networks(), h.c.Endpoints(), h.c.Pools(), h.c.Leases())
	}
	if len(ports)+len(links)+len(h.fabric.Held()) > 0 {
		t.Errorf("left: ports %v, links %v, addresses %v", ports, links, h.fabric.Held())
	}
}

func (h *host) address(t *testing.T, container, network string) netip.Addr {
	t.Helper()
	out := h.do(t, "inspect", "-f", "{{(index .NetworkSettings.Networks \""+network+"\").IPAddress}}", container)
	address, err := netip.ParseAddr(out)
	if err != nil {
		t.Fatal(err)
	}
	return address
}
