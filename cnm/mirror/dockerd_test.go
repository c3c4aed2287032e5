// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	dockernetwork "github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/mirror"
)

// insideVariable is set in the process that runs in namespaces of its own.
const insideVariable = "LINKSPAN_TEST_INSIDE"

// TestDockerd runs the mirror against a real dockerd in mount, network and
// process namespaces of its own: with the end of the first process there all
// others end.
func TestDockerd(t *testing.T) {
	if os.Getenv(insideVariable) != "" {
		inside(t)
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root, to make namespaces")
	}
	for _, program := range []string{"dockerd", "containerd", "runc"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip("needs Debian's package docker.io: ", err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	self := exec.CommandContext(ctx, "/proc/self/exe", "-test.run=^TestDockerd$", "-test.v", "-test.timeout=4m")
	self.Env = append(os.Environ(), insideVariable+"=1")
	self.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL,
	}
	out, err := self.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// prepare makes the namespaces fit for a dockerd.
func prepare(t *testing.T) {
	t.Helper()
	for _, step := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{"proc", "/proc", "proc", 0},
		{"tmpfs", "/run", "tmpfs", 0},
	} {
		if err := unix.Mount(step.source, step.target, step.kind, step.flags, ""); err != nil {
			t.Fatalf("mount %s: %v", step.target, err)
		}
	}
}

// engine is the dockerd under test.
type engine struct {
	t      *testing.T
	folder string
	host   string
	cmd    *exec.Cmd
	*client.Client
}

func newEngine(t *testing.T) *engine {
	t.Helper()
	// On the private /run nothing can stay behind.
	e := &engine{t: t, folder: "/run/test-docker-data", host: "unix:///run/test-docker.sock"}
	err := os.MkdirAll(e.folder, 0o700)
	if err != nil {
		t.Fatal(err)
	}
	if e.Client, err = client.New(client.WithHost(e.host)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	e.start()
	t.Cleanup(e.stop)
	return e
}

func (e *engine) start() {
	e.t.Helper()
	log, err := os.OpenFile(filepath.Join(e.folder, "dockerd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		e.t.Fatal(err)
	}
	defer log.Close()
	e.cmd = exec.Command("dockerd", "--data-root", filepath.Join(e.folder, "data"), "--exec-root", "/run/test-docker",
		"-p", "/run/test-docker.pid", "-H", e.host, "--bridge=none", "--iptables=false", "--ip6tables=false",
		"--storage-driver=vfs")
	e.cmd.Stdout, e.cmd.Stderr = log, log
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
	end := time.Now().Add(time.Minute)
	for {
		if _, err = e.Ping(e.t.Context(), client.PingOptions{}); err == nil {
			return
		}
		if time.Now().After(end) {
			e.t.Fatalf("dockerd does not answer: %v\n%s", err, e.log())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (e *engine) stop() {
	if e.cmd == nil {
		return
	}
	_ = e.cmd.Process.Signal(syscall.SIGTERM)
	_ = e.cmd.Wait()
	e.cmd = nil
}

func (e *engine) log() string {
	text, _ := os.ReadFile(filepath.Join(e.folder, "dockerd.log"))
	return string(text)
}

// find returns the id of the network of a name, if there is exactly one.
func (e *engine) find(name string) string {
	list, err := e.NetworkList(e.t.Context(), client.NetworkListOptions{Filters: make(client.Filters).Add("driver", mirror.Driver)})
	id := ""
	if err != nil {
		return id
	}
	for _, n := range list.Items {
		if n.Name == name && id != "" {
			return ""
		} else if n.Name == name {
			id = n.ID
		}
	}
	return id
}

// create is docker network create -d linkspan --ipam-driver linkspan.
func (e *engine) create(t *testing.T, name, subnet string) {
	t.Helper()
	_, err := e.NetworkCreate(t.Context(), name, client.NetworkCreateOptions{
		Driver: mirror.Driver, Labels: map[string]string{"tier": "front"},
		IPAM: &dockernetwork.IPAM{Driver: mirror.Driver, Config: []dockernetwork.IPAMConfig{{Subnet: netip.MustParsePrefix(subnet)}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run is docker run -d --network NETWORK --name NAME.
func (e *engine) run(t *testing.T, name, network string) {
	t.Helper()
	created, err := e.ContainerCreate(t.Context(), client.ContainerCreateOptions{
		Name:       name,
		Config:     &container.Config{Image: "busybox", Cmd: []string{"/bin/busybox", "sleep", "600"}, Labels: map[string]string{"app": "shop"}},
		HostConfig: &container.HostConfig{NetworkMode: container.NetworkMode(network), SecurityOpt: []string{"seccomp=unconfined"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ContainerStart(t.Context(), created.ID, client.ContainerStartOptions{}); err != nil {
		t.Fatalf("%v\n%s", err, e.log())
	}
}

// load makes an image of the machine's static busybox; without one there is
// none, and no containers.
func (e *engine) load(t *testing.T) bool {
	t.Helper()
	program, err := os.ReadFile("/bin/busybox")
	if err != nil {
		return false
	}
	var image bytes.Buffer
	w := tar.NewWriter(&image)
	header := &tar.Header{Name: "bin/busybox", Mode: 0o755, Size: int64(len(program)), Typeflag: tar.TypeReg}
	if err := w.WriteHeader(header); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	in, err := e.ImageImport(t.Context(), client.ImageImportSource{Source: &image, SourceName: "-"}, "busybox", client.ImageImportOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := io.Copy(io.Discard, in); err != nil {
		t.Fatal(err)
	}
	return true
}
