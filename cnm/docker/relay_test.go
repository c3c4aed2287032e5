// SPDX-License-Identifier: Apache-2.0

package docker_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/docker"
)

// ask posts one call and returns the status with the answer.
func ask(h http.Handler, operation, body string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, operation, strings.NewReader(body)))
	return http.StatusText(w.Code) + " " + strings.TrimSpace(w.Body.String())
}

// onSocket serves h at a socket until the test ends.
func onSocket(t *testing.T, path string, h http.Handler) {
	t.Helper()
	listener, err := docker.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
}

func newRelay(t *testing.T, socket string, patience time.Duration) *docker.Relay {
	t.Helper()
	return docker.NewRelay(socket, patience, slog.New(slog.DiscardHandler))
}

// A relay tells what the plugin is with nobody behind it.
func TestARelayIsAPluginByItself(t *testing.T) {
	r := newRelay(t, filepath.Join(t.TempDir(), "none.sock"), time.Millisecond)
	got := map[string]string{}
	for _, operation := range []string{
		"/Plugin.Activate", "/NetworkDriver.GetCapabilities", "/IpamDriver.GetCapabilities", "/IpamDriver.GetDefaultAddressSpaces",
		"/NetworkDriver.Leave",
	} {
		got[operation] = ask(r, operation, "")
	}
	want := map[string]string{
		"/Plugin.Activate":                    `OK {"Implements":["NetworkDriver","IpamDriver"]}`,
		"/NetworkDriver.GetCapabilities":      `OK {"Scope":"global","ConnectivityScope":"global"}`,
		"/IpamDriver.GetCapabilities":         `OK {"RequiresMACAddress":false,"RequiresRequestReplay":false}`,
		"/IpamDriver.GetDefaultAddressSpaces": `OK {"LocalDefaultAddressSpace":"linkspan-local","GlobalDefaultAddressSpace":"linkspan-global"}`,
		"/NetworkDriver.Leave":                got["/NetworkDriver.Leave"],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if said := got["/NetworkDriver.Leave"]; !strings.Contains(said, "no switch answers on this host") || !strings.Contains(said, "linkspan serve switch") {
		t.Errorf("without a switch: %s", said)
	}
}

// What the switch answers comes back as it is, and what it is asked arrives.
func TestARelayPassesOn(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "switch.sock")
	onSocket(t, socket, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, req.URL.Path+" "+string(body))
	}))
	r := newRelay(t, socket, time.Second)
	if got := ask(r, "/NetworkDriver.Join", `{"a":1}`); got != `Bad Request /NetworkDriver.Join {"a":1}` {
		t.Error(got)
	}
}

// A call that comes before the switch waits for it.
func TestARelayWaitsForTheSwitch(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "switch.sock")
	r := newRelay(t, socket, time.Minute)
	answer := make(chan string)
	go func() { answer <- ask(r, "/NetworkDriver.Join", "{}") }()
	select {
	case got := <-answer:
		t.Fatalf("nobody was there, and it said %s", got)
	case <-time.After(50 * time.Millisecond): // it has tried
	}
	onSocket(t, socket, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "here") }))
	if got := <-answer; got != "OK here" {
		t.Error(got)
	}
}

// A switch that dies in a call is not asked again.
func TestARelayDoesNotRepeat(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "switch.sock")
	listener, err := docker.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan int)
	go func() {
		calls := 0
		for {
			conn, err := listener.Accept()
			if err != nil {
				asked <- calls
				return
			}
			calls++
			_, _ = conn.Read(make([]byte, 1024))
			_ = conn.Close()
		}
	}()
	r := newRelay(t, socket, time.Second)
	if got := ask(r, "/IpamDriver.RequestAddress", "{}"); !strings.Contains(got, "ended in the middle") {
		t.Error(got)
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
	if n := <-asked; n != 1 {
		t.Errorf("it was asked %d times", n)
	}
}

func TestARelayEndsWithItsContext(t *testing.T) {
	folder := t.TempDir()
	listener, err := docker.Listen(filepath.Join(folder, "plugin.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	r := newRelay(t, filepath.Join(folder, "switch.sock"), time.Second)
	go func() { done <- r.Serve(ctx, listener) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("unix", filepath.Join(folder, "plugin.sock")); err == nil {
		t.Error("it still answers")
	}
}

// books is a manager's books that note what they are asked.
type books struct {
	docker.Swarm
	asked []string
}

func (b *books) Allocate(_ context.Context, n cnm.Network) error {
	b.asked = append(b.asked, n.ID+" "+n.Subnet.String()+" "+n.Options["k"])
	return nil
}

func (b *books) Free(_ context.Context, network string) error {
	b.asked = append(b.asked, "free "+network)
	return errors.New("later")
}

// The bodies are those that a manager sent (wire/plugin has the recorded ones).
func TestAManagersCalls(t *testing.T) {
	b := new(books)
	s := docker.New(docker.Options{Name: "linkspan/swarm:latest", IPAM: "i", Swarm: b})
	const v4 = `"IPv4Data":[{"AddressSpace":"","Gateway":"10.66.0.1/24","Pool":"10.66.0.0/24"}]`
	got := []string{
		ask(s, "/NetworkDriver.AllocateNetwork", `{"NetworkID":"rdsb","Options":{"k":"v"},`+v4+`,"IPv6Data":null}`),
		ask(s, "/NetworkDriver.AllocateNetwork", `{"NetworkID":"rdsb",`+v4+`,"IPv6Data":[{"Pool":"fd00::/64"}]}`),
		ask(s, "/NetworkDriver.AllocateNetwork", `{"NetworkID":"rdsb"}`),
		ask(s, "/NetworkDriver.FreeNetwork", `{"NetworkID":"rdsb"}`),
	}
	failed := func(words string) string { return `OK {"Err":"` + words + `","Error":"` + words + `"}` }
	want := []string{
		`OK {"Options":{"k":"v"}}`,
		failed("IPv6 is not supported yet; leave out --ipv6 and give IPv4 subnets only"),
		failed("a network has one subnet; give --subnet once, and make further networks for the others"),
		failed("later"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"rdsb 10.66.0.0/24 v", "free rdsb"}, b.asked); diff != "" {
		t.Errorf("the books were asked (-want +got):\n%s", diff)
	}
}
