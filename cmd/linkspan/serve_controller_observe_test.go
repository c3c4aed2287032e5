// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// A controller is ready from when its state is known until its store is gone.
func TestControllerIsReadyWithItsStore(t *testing.T) {
	db, followed := memory.New(), make(chan struct{})
	state := func() (s string) {
		for _, c := range ready(t.Context(), db, followed) {
			s += c.Part + " " + string(c.State) + ", "
		}
		return s
	}
	for _, step := range []struct {
		do   func()
		want string
	}{
		{func() {}, "store ok, view failed, "},
		{func() { close(followed) }, "store ok, view ok, "},
		{func() { _ = db.Close() }, "store failed, view ok, "},
	} {
		step.do()
		if got := state(); got != step.want {
			t.Errorf("%q, want %q", got, step.want)
		}
	}
}

// A controller that runs is scraped: it is ready, has told systemd so, and
// counts a call.
func TestRunningControllerIsScraped(t *testing.T) {
	dir, page := t.TempDir(), unusedAddress(t)
	told := systemd(t)
	socket := filepath.Join(dir, "api.sock")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		ended <- run(ctx, []string{
			"serve", "controller", "--config", "/dev/null", "--socket", socket, "--state-dir", filepath.Join(dir, "state"),
			"--listen", "127.0.0.1:0", "--advertise", "127.0.0.1", "--openflow", "", "--metrics", page,
			"--flow-log", filepath.Join(dir, "flows.json"),
		}, streams{nil, io.Discard, &log})
	}()
	defer func() {
		cancel()
		if status := <-ended; status != exitDone {
			t.Errorf("exit status %d:\n%s", status, log.String())
		}
	}()
	for deadline := time.Now().Add(patience); fetch(t, page, "/readyz") != "ok"; {
		if time.Now().After(deadline) {
			t.Fatal("the controller does not become ready")
		}
		time.Sleep(20 * time.Millisecond)
	}
	if got := told(); got != "READY=1" {
		t.Errorf("systemd was told %q", got)
	}
	var out bytes.Buffer
	for deadline := time.Now().Add(patience); run(ctx, []string{"network", "ls", "--socket", socket}, streams{nil, io.Discard, &out}) != exitDone; {
		if time.Now().After(deadline) {
			t.Fatal(out.String())
		}
		time.Sleep(20 * time.Millisecond)
	}
	text := fetch(t, page, "/metrics")
	for _, want := range []string{
		`linkspan_controller_rpc_duration_seconds_count{code="ok",method="NetworkService/List"} 1`,
		`linkspan_controller_flow_log_lines_total{result="written"} 0`, "linkspan_controller_networks 0", "go_goroutines ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	if fetch(t, page, "/healthz") != "alive" {
		t.Error("it is not alive")
	}
}

// systemd stands in for the service manager; what it returns waits for the next
// message to it.
func systemd(t *testing.T) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() string {
		message := make([]byte, 256)
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		n, err := conn.Read(message)
		if err != nil {
			t.Fatal(err)
		}
		return string(message[:n])
	}
}

// fetch returns a page; of /readyz only the first line, and "" while nobody
// answers.
func fetch(t *testing.T, address, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := new(http.Client).Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(body))
	if path == "/readyz" {
		text, _, _ = strings.Cut(text, "\n")
	}
	return text
}

// What was dropped is said in words, and what dropped nothing is not.
func TestDropsAreListed(t *testing.T) {
	d := metrics.Drops{
		Flows:  []metrics.FlowDrops{{Packets: 3}, {}},
		Meters: []metrics.MeterDrops{{Dropped: 40}, {}},
	}
	d.Flows[0].Table, d.Flows[0].Reason = "guard", "miss"
	d.Meters[0].Port, d.Meters[0].What = 10, "punt"
	want := "packets dropped: 3 in table guard (miss), 40 of c1 on port 10 (punt meter)"
	if got := dropsText(d, map[uint32]string{10: "c1"}); got != want {
		t.Errorf("%q", got)
	}
	if got := dropsText(metrics.Drops{}, nil); got != "no packets dropped" {
		t.Errorf("%q", got)
	}
}
