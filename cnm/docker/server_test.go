// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestListenReplacesAStaleSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugins", "linkspan.sock")
	stale, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := docker.Listen(path); linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("a second one: got %v, want in use", err)
	}
	// A process that dies leaves the file.
	copied := path + ".copy"
	if err := errors.Join(os.Link(path, copied), stale.Close(), os.Rename(copied, path)); err != nil {
		t.Fatal(err)
	}
	fresh, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket is %v, %v", info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Errorf("folder has %v", files)
	}
	if err := fresh.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file stayed: %v", err)
	}
}

func TestListenLeavesASuccessorsSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "linkspan.sock")
	old, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	successor, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the successor's file is gone: %v", err)
	}
	_ = successor.Close()
}

// trouble is a driver that panics or hangs.
type trouble struct {
	cnm.Driver
	hang chan struct{}
}

func (d trouble) CreateNetwork(ctx context.Context, _ cnm.Network) error {
	if d.hang == nil {
		panic("trouble")
	}
	close(d.hang)
	<-ctx.Done()
	return ctx.Err()
}

func (trouble) DeleteNetwork(context.Context, cnm.Network) error { return nil }

// anyPool is an IPAM that gives pools.
type anyPool struct{ cnm.IPAM }

func (anyPool) RequestPool(_ context.Context, req cnm.PoolRequest) (cnm.Pool, error) {
	return cnm.Pool{ID: "pool-1", Subnet: req.Subnet}, nil
}

func (anyPool) ReleasePool(context.Context, cnm.Pool) error { return nil }

func troubled(t *testing.T, driver trouble, log *slog.Logger) *docker.Server {
	t.Helper()
	store := memory.New()
	t.Cleanup(func() { _ = store.Close() })
	c, err := cnm.New(cnm.Options{
		Store: store, Drivers: map[string]cnm.Driver{"d": driver}, IPAMs: map[string]cnm.IPAM{"i": anyPool{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return docker.New(docker.Options{Controller: c, Name: "linkspan", Driver: "d", IPAM: "i", Log: log, Limit: time.Second})
}

func post(h http.Handler, operation, body string) *httptest.ResponseRecorder {
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/"+operation, strings.NewReader(body)))
	return recorder
}

const (
	poolBody   = `{"AddressSpace":"linkspan-local","Pool":"10.7.0.0/24"}`
	createBody = `{"NetworkID":"n","IPv4Data":[{"AddressSpace":"linkspan-local","Pool":"10.7.0.0/24"}]}`
)

func TestAPanicIsContained(t *testing.T) {
	var text bytes.Buffer
	s := troubled(t, trouble{}, slog.New(slog.NewTextHandler(&text, nil)))
	post(s, "IpamDriver.RequestPool", poolBody)
	answer := post(s, "NetworkDriver.CreateNetwork", createBody)
	if answer.Code != http.StatusInternalServerError || !strings.Contains(answer.Body.String(), "internal error") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	if !strings.Contains(text.String(), "cause=trouble") {
		t.Errorf("log is %s", text.String())
	}
	if answer := post(s, "Plugin.Activate", ""); answer.Code != http.StatusOK {
		t.Errorf("afterwards: got %d %s", answer.Code, answer.Body)
	}
}

func TestAHungCallEnds(t *testing.T) {
	s := troubled(t, trouble{hang: make(chan struct{})}, nil)
	post(s, "IpamDriver.RequestPool", poolBody)
	answer := post(s, "NetworkDriver.CreateNetwork", createBody)
	if !strings.Contains(answer.Body.String(), "deadline exceeded") {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
}

func TestOnlyPostIsAnswered(t *testing.T) {
	recorder := httptest.NewRecorder()
	s := troubled(t, trouble{}, nil)
	s.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/Plugin.Activate", nil))
	if recorder.Code != http.StatusMethodNotAllowed {
		t.Errorf("got %d", recorder.Code)
	}
}

// Serve ends when told to, after the calls under way.
func TestServeStops(t *testing.T) {
	hang := make(chan struct{})
	s := troubled(t, trouble{hang: hang}, nil)
	path := filepath.Join(t.TempDir(), "linkspan.sock")
	listener, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, listener) }()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}}
	post(s, "IpamDriver.RequestPool", poolBody)
	answered := make(chan error, 1)
	go func() {
		answer, err := client.Post("http://plugin/NetworkDriver.CreateNetwork", "", strings.NewReader(createBody))
		if err == nil {
			err = answer.Body.Close()
		}
		answered <- err
	}()
	<-hang
	cancel()
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if err := <-answered; err != nil {
		t.Errorf("the call under way: %v", err)
	}
}

// Whatever comes in, an answer goes out, and it is JSON with both keys or none.
func FuzzServe(f *testing.F) {
	f.Add("NetworkDriver.CreateNetwork", createBody)
	f.Add("IpamDriver.RequestPool", poolBody)
	f.Add("NetworkDriver.CreateEndpoint", `{"NetworkID":"n","EndpointID":"e","Interface":{"Address":"x"},"Options":{"a":1}}`)
	f.Add("NetworkDriver.Join", `{"NetworkID":"n","EndpointID":"e","SandboxKey":"s","Options":{"com.docker.network.portmap":7}}`)
	f.Add("IpamDriver.RequestAddress", `{"PoolID":"p","Address":"10.7.0.0/99","Options":null}`)
	f.Fuzz(func(t *testing.T, operation, body string) {
		s := newStage(t)
		if strings.ContainsAny(operation, " ?#%\x7f") || strings.ContainsFunc(operation, func(r rune) bool { return r < ' ' }) {
			return
		}
		status, answer := s.call(operation, body)
		failed := strings.Contains(answer, `"Err":`)
		if status == 0 || failed != strings.Contains(answer, `"Error":`) || !strings.HasPrefix(answer, "{") {
			t.Errorf("%s %s: got %d %s", operation, body, status, answer)
		}
	})
}
