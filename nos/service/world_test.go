// SPDX-License-Identifier: Apache-2.0

package service_test

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/service"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// world is a switch with a Docker of its own.
type world struct {
	*service.Manager
	t       *testing.T
	docker  *client.Client
	folder  string
	program string
	change  func(*service.Options)
	end     func()
	daemon  *exec.Cmd
}

const socket = "unix:///run/docker.sock"

// newWorld starts dockerd, in the namespaces that the tests have for themselves.
func newWorld(t *testing.T, change ...func(*service.Options)) *world {
	t.Helper()
	ovstest.Need(t, "dockerd", "containerd", "runc")
	if err := unix.Mount("tmpfs", "/run", "tmpfs", 0, "mode=755"); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, folder: t.TempDir(), end: func() {}}
	t.Cleanup(func() { unix.Unmount("/run", unix.MNT_DETACH) })
	w.change = func(o *service.Options) {
		for _, c := range change {
			c(o)
		}
	}
	w.build()
	w.startDocker()
	t.Cleanup(w.stopDocker)
	w.open()
	t.Cleanup(func() { w.end() })
	t.Cleanup(w.clean)
	return w
}

// build makes the program of members and sandboxes: static, as there is nothing beside it.
func (w *world) build() {
	w.t.Helper()
	w.program = filepath.Join(w.folder, "member")
	cmd := exec.CommandContext(w.t.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", w.program, "./testdata/member")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
}

func (w *world) startDocker() {
	w.t.Helper()
	log, err := os.OpenFile(filepath.Join(w.folder, "dockerd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	w.daemon = exec.Command("dockerd", "--data-root", "/run/docker-data", "--exec-root", "/run/docker-exec", "-p", "/run/dockerd.pid", "-H", socket,
		"--bridge=none", "--iptables=false", "--ip6tables=false", "--storage-driver=vfs", "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent=/linkspan-service-test")
	w.daemon.Stdout, w.daemon.Stderr = log, log
	if err := w.daemon.Start(); err != nil {
		w.t.Fatal(err)
	}
	if w.docker == nil {
		if w.docker, err = client.New(client.WithHost(socket)); err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { w.docker.Close() })
	}
	w.eventually("dockerd answers", func() bool {
		_, err := w.docker.Ping(w.t.Context(), client.PingOptions{})
		return err == nil
	})
}

func (w *world) stopDocker() {
	_ = w.daemon.Process.Signal(syscall.SIGTERM)
	_ = w.daemon.Wait()
	if w.t.Failed() {
		text, _ := os.ReadFile(filepath.Join(w.folder, "dockerd.log"))
		lines := strings.Split(string(text), "\n")
		w.t.Log(strings.Join(lines[max(0, len(lines)-30):], "\n"))
	}
}

// killDocker ends dockerd and all containers at once, as a loss of power does.
func (w *world) killDocker() {
	pid, _ := os.ReadFile("/run/docker-exec/containerd/containerd.pid")
	_ = w.daemon.Process.Kill()
	_ = w.daemon.Wait()
	if n, err := strconv.Atoi(strings.TrimSpace(string(pid))); err == nil {
		_ = syscall.Kill(n, syscall.SIGKILL)
		_, _ = syscall.Wait4(n, nil, 0, nil) // this process is the first one of these namespaces, who must
	}
	for _, p := range processes(w.t) {
		if strings.Contains(p.command, "containerd-shim") || strings.HasPrefix(p.command, "/linkspan") {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
	}
}

type process struct {
	pid     int
	command string
}

// processes are those of these namespaces, of which this one is the first.
func processes(t *testing.T) []process {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var list []process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		command, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		list = append(list, process{pid, strings.ReplaceAll(string(command), "\x00", " ")})
	}
	return list
}

// open starts the manager, as a new process does.
func (w *world) open() {
	w.t.Helper()
	disk, err := config.OpenDirectory(filepath.Join(w.folder, "state"))
	if err != nil {
		w.t.Fatal(err)
	}
	o := service.Options{
		Docker: socket, Disk: disk, Run: "/run/linkspan/composites", Volumes: filepath.Join(w.folder, "volumes"), Program: w.program,
		Driver: "bridge", Log: slog.New(slog.NewTextHandler(w.t.Output(), nil)),
	}
	w.change(&o)
	if w.Manager, err = service.Open(o); err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := w.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	m := w.Manager
	w.end = func() { cancel(); <-ended; m.Close(); disk.Close() }
}

// again ends the process, as far as it can be seen, and starts a new one.
func (w *world) again() {
	w.t.Helper()
	w.end()
	w.open()
}

// clean removes all containers, so that nothing of them stays in control groups of the host.
func (w *world) clean() {
	w.end()
	w.end = func() {}
	r, err := w.docker.ContainerList(context.Background(), client.ContainerListOptions{All: true})
	if err != nil {
		w.t.Log(err)
	}
	for _, c := range r.Items {
		_, _ = w.docker.ContainerRemove(context.Background(), c.ID, client.ContainerRemoveOptions{Force: true})
	}
	groups, _ := filepath.Glob("/sys/fs/cgroup/*/linkspan-service-test")
	for _, g := range append(groups, "/sys/fs/cgroup/linkspan-service-test") {
		inner, _ := filepath.Glob(g + "/*/")
		for _, one := range append(inner, g) {
			_ = os.Remove(one) // one that has a process stays
		}
	}
}

// image makes an image of the program with what it says of itself, and returns its id.
func (w *world) image(version string, manifest *linkspan.ImageManifest, changes ...string) string {
	w.t.Helper()
	program, err := os.ReadFile(w.program)
	if err != nil {
		w.t.Fatal(err)
	}
	var layer bytes.Buffer
	p := tar.NewWriter(&layer)
	for _, h := range []*tar.Header{{Name: "member", Mode: 0o755, Size: int64(len(program)), Typeflag: tar.TypeReg}, {Name: "etc", Mode: 0o755, Typeflag: tar.TypeDir}, {Name: "etc/hosts", Mode: 0o644, Typeflag: tar.TypeReg}, {Name: "tmp", Mode: 0o1777, Typeflag: tar.TypeDir}} {
		w.must(p.WriteHeader(h))
		if h.Size > 0 {
			_, err = p.Write(program)
			w.must(err)
		}
	}
	w.must(p.Close())
	changes = append([]string{`ENTRYPOINT ["/member"]`, `CMD ["serve"]`, "ENV VERSION=" + version}, changes...)
	if manifest != nil {
		text, err := json.Marshal(manifest)
		w.must(err)
		changes = append(changes, "LABEL "+linkspan.ManifestLabel+"="+strconv.Quote(string(text)))
	}
	in, err := w.docker.ImageImport(w.t.Context(), client.ImageImportSource{Source: &layer, SourceName: "-"}, "test:"+version, client.ImageImportOptions{Changes: changes})
	w.must(err)
	defer in.Close()
	_, err = io.Copy(io.Discard, in)
	w.must(err)
	reference, err := w.Resolve(w.t.Context(), "test:"+version)
	w.must(err)
	return reference
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) apply(composites ...linkspan.Composite) error {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Minute)
	defer cancel()
	return w.Apply(ctx, service.Set{Composites: composites}, func(line string) { w.t.Log(line) })
}

// get makes a call at a composite's socket of the host.
func (w *world) get(composite, path string) string {
	w.t.Helper()
	c := w.client(composite)
	defer c.CloseIdleConnections()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, "http://gateway"+path, nil)
	w.must(err)
	a, err := c.Do(r)
	if err != nil {
		return err.Error()
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	w.must(err)
	return fmt.Sprint(a.StatusCode, " ", strings.TrimSpace(string(text)))
}

func (w *world) client(composite string) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", w.Socket(composite))
	}}}
}

// wants waits until a call is answered so.
func (w *world) wants(composite, path, want string) {
	w.t.Helper()
	got := ""
	deadline := time.Now().Add(time.Minute)
	for got != want && time.Now().Before(deadline) {
		if got = w.get(composite, path); got != want {
			time.Sleep(20 * time.Millisecond)
		}
	}
	if got != want {
		w.t.Fatalf("%s of %s: %s, want %s", path, composite, got, want)
	}
}

func (w *world) eventually(what string, ok func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("still not true after a minute: %s", what)
		}
	}
}

// containers returns the ids of containers of composites by what they are, and how many there are.
func (w *world) containers(composite string) map[string]string {
	w.t.Helper()
	r, err := w.docker.ContainerList(w.t.Context(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", "linkspan.composite="+composite)})
	w.must(err)
	ids := map[string]string{}
	for _, c := range r.Items {
		ids[c.Labels["linkspan.member"]] = c.ID
	}
	if len(ids) != len(r.Items) {
		ids["more"] = fmt.Sprint(len(r.Items))
	}
	return ids
}
