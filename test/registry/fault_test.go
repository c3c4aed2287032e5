// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKilledInAPush kills the registry at random points of pushes: what was pushed before is
// whole, and the push succeeds when it is repeated.
func TestKilledInAPush(t *testing.T) {
	t.Parallel()
	r := start(t)
	token, _ := r.token("root", secret, "repository:base/a:pull,push")
	images := map[string]map[string][]byte{"0": r.push("base/a", "0", token, 1<<20)}
	for i := 1; i <= 10; i++ {
		tag := fmt.Sprint(i)
		data := make([]byte, 4<<20)
		_, _ = rand.Read(data)
		pushed := make(chan error, 1)
		go func() { pushed <- r.halfPush("base/a", tag, token, data) }()
		time.Sleep(time.Duration(mathrand.IntN(150)) * time.Millisecond) // where in the push it strikes
		r.kill(syscall.SIGKILL)
		<-pushed
		r.client.CloseIdleConnections()
		r.run()
		token, _ = r.token("root", secret, "repository:base/a:pull,push")
		for tag, image := range images {
			if r.whole(t, "base/a", token, image); t.Failed() {
				t.Fatalf("image %s is not whole after kill %d", tag, i)
			}
		}
		images[tag] = r.push("base/a", tag, token, 1<<20)
	}
	r.cli("", "image", "gc", "--grace", "0s")
	for _, image := range images {
		r.whole(t, "base/a", token, image)
	}
}

// halfPush pushes until something fails.
func (r *registry) halfPush(repository, tag, token string, data []byte) error {
	resp, _, err := r.send(http.MethodPost, "/v2/"+repository+"/blobs/uploads/", token, nil)
	if err != nil {
		return err
	}
	at, err := resp.Location()
	if err != nil {
		return err
	}
	if resp, _, err = r.send(http.MethodPatch, at.String(), token, bytes.NewReader(data), "Content-Type", "application/octet-stream"); err != nil {
		return err
	}
	if at, err = resp.Location(); err != nil {
		return err
	}
	if _, _, err = r.send(http.MethodPut, at.String()+"&digest="+digestOf(data), token, nil); err != nil {
		return err
	}
	one := descriptor{"application/vnd.oci.image.layer.v1.tar", digestOf(data), len(data)}
	_, _, err = r.send(http.MethodPut, "/v2/"+repository+"/manifests/"+tag, token, bytes.NewReader(manifest(one, one)), "Content-Type", "application/vnd.oci.image.manifest.v1+json")
	return err
}

// TestFullDisk fills a small disk: pushes are refused with a reason, what is stored stays
// whole, and after it was freed pushes succeed.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("a disk of the test's own needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48m"); err != nil {
		t.Skipf("a disk of the test's own cannot be mounted: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	r := startIn(t, dir, "--reserve", "8MB")
	token, _ := r.token("root", secret, "repository:base/a:pull,push,delete")
	kept := r.push("base/a", "kept", token, 8<<20)
	data := make([]byte, 60<<20)
	for what, length := range map[string]int64{"with a length": int64(len(data)), "without": -1} {
		resp, text := r.do(http.MethodPost, "/v2/base/a/blobs/uploads/", token, nil)
		if resp.StatusCode != http.StatusAccepted {
			t.Fatalf("%d %s", resp.StatusCode, text)
		}
		var body io.Reader = bytes.NewReader(data)
		if length < 0 {
			body = io.MultiReader(body) // nobody knows how much it is
		}
		resp, text, err := r.send(http.MethodPatch, r.location(resp), token, body, "Content-Type", "application/octet-stream")
		if err != nil || resp.StatusCode != http.StatusInsufficientStorage || !strings.Contains(text, "no space left on the registry's disk") {
			t.Errorf("%s: %v: %v %s", what, err, resp, text)
		}
		r.whole(t, "base/a", token, kept)
	}
	r.cli("", "image", "gc", "--grace", "0s") // what was pushed by half
	second := r.push("base/a", "second", token, 4<<20)
	r.whole(t, "base/a", token, kept)
	r.whole(t, "base/a", token, second)
}

// TestManagementSubnets has a client come from outside of them.
func TestManagementSubnets(t *testing.T) {
	t.Parallel()
	r := start(t, "--management-subnet", "127.0.0.1/32", "--management-subnet", "192.0.2.0/24")
	if _, code := r.token("root", secret); code != http.StatusOK {
		t.Errorf("from inside: %d", code)
	}
	stranger := *r.client
	transport := r.client.Transport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}).DialContext
	stranger.Transport = transport
	for range 3 {
		if resp, err := stranger.Get("https://" + r.address + "/v2/"); err == nil {
			resp.Body.Close()
			t.Errorf("from outside: %s", resp.Status)
		}
	}
	events := ""
	r.until("there is an event", func() bool {
		events = r.cli("", "event", "ls")
		return strings.Contains(events, "client.refused")
	})
	if strings.Count(events, "127.0.0.2 is in none") != 1 {
		t.Errorf("it is told once in a minute: %s", events)
	}
	log, err := os.ReadFile(filepath.Join(r.dir, "log"))
	if err != nil || strings.Count(string(log), "a client was refused") != 1 {
		t.Errorf("%v: %s", err, log)
	}
}

// TestShutdown is that a push under way ends before the process does.
func TestShutdown(t *testing.T) {
	t.Parallel()
	r := start(t)
	token, _ := r.token("root", secret, "repository:base/a:pull,push")
	data := make([]byte, 1<<20)
	resp, _ := r.do(http.MethodPost, "/v2/base/a/blobs/uploads/", token, nil)
	body, feed := io.Pipe()
	done := make(chan int, 1)
	go func() {
		resp, _, err := r.send(http.MethodPut, r.location(resp)+"&digest="+digestOf(data), token, body, "Content-Type", "application/octet-stream")
		if err != nil {
			t.Error(err)
			done <- 0
			return
		}
		done <- resp.StatusCode
	}()
	_, _ = feed.Write(data[:1000])
	if err := r.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_, _ = feed.Write(data[1000:])
	feed.Close()
	if code := <-done; code != http.StatusCreated {
		t.Errorf("a push that was under way: %d", code)
	}
	if err := r.process.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	r.run()
}
