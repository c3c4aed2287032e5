// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// proc writes some files of a proc file system.
func proc(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"net/dev":  "Inter-|   Receive    | Transmit\n face |bytes\n    lo: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\n  eth0: 100 3 1 2 0 0 0 0 200 4 5 6 0 0 0 0\n",
		"net/snmp": "Tcp: RtoMin RetransSegs\nTcp: 200 7\nUdp: InErrors\nUdp: 1\n",
		"meminfo":  "MemTotal:       1000 kB\nMemFree: 5 kB\nMemAvailable:   500 kB\n", "loadavg": "0.50 0.1 0.1 1/2 3\n", "uptime": "12.5 3\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestAnswers(t *testing.T) {
	h := handler(proc(t))
	for path, want := range map[string]string{
		"/metrics":    `monitor_interface_bytes_total{interface="eth0",direction="sent"} 200`,
		"/interfaces": `{"name":"eth0","received_bytes":100,"received_packets":3,"received_errors":1,"received_dropped":2,"sent_bytes":200,"sent_packets":4,"sent_errors":5,"sent_dropped":6}`,
		"/host":       `{"load":0.5,"memory_total_bytes":1024000,"memory_available_bytes":512000,"uptime_seconds":12.5}`,
		"/protocols":  `"Tcp_RetransSegs":7`, "/healthz": "ok",
	} {
		r := httptest.NewRecorder()
		h.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
		if r.Code != http.StatusOK || !strings.Contains(r.Body.String(), want) {
			t.Errorf("%s: %d, %s", path, r.Code, r.Body)
		}
	}
	r := httptest.NewRecorder()
	handler("/nothing").ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if r.Code != http.StatusInternalServerError {
		t.Errorf("without proc it answers %d", r.Code)
	}
}

func TestServe(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "bus", "monitor.sock")
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- serve(ctx, handler(proc(t)), "", socket) }()
	for deadline := time.Now().Add(30 * time.Second); check("", socket) != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(check("", socket))
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if check("", socket) == nil {
		t.Error("it answers after its end")
	}
}
