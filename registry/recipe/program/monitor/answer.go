// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// handler answers GET requests: /metrics for Prometheus, the others as JSON.
func handler(proc string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		if err := metrics(w, proc); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /interfaces", func(w http.ResponseWriter, _ *http.Request) { answer(w, proc, interfaces) })
	mux.HandleFunc("GET /host", func(w http.ResponseWriter, _ *http.Request) { answer(w, proc, host) })
	mux.HandleFunc("GET /protocols", func(w http.ResponseWriter, _ *http.Request) { answer(w, proc, protocols) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	return mux
}

// answer answers with what was read, as JSON.
func answer[T any](w http.ResponseWriter, proc string, read func(string) (T, error)) {
	found, err := read(proc)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(found) // who asked has gone
}

// metrics writes the text form of Prometheus (version 0.0.4).
func metrics(w io.Writer, proc string) error {
	all, err := interfaces(proc)
	if err != nil {
		return err
	}
	h, err := host(proc)
	if err != nil {
		return err
	}
	counters, err := protocols(proc)
	if err != nil {
		return err
	}
	for _, m := range []struct {
		name, help string
		of         func(Interface) (received, sent uint64)
	}{
		{"bytes", "Bytes that passed", func(i Interface) (uint64, uint64) { return i.ReceivedBytes, i.SentBytes }},
		{"packets", "Packets that passed", func(i Interface) (uint64, uint64) { return i.ReceivedPackets, i.SentPackets }},
		{"errors", "Packets that were wrong", func(i Interface) (uint64, uint64) { return i.ReceivedErrors, i.SentErrors }},
		{"dropped", "Packets that were dropped", func(i Interface) (uint64, uint64) { return i.ReceivedDropped, i.SentDropped }},
	} {
		name := "monitor_interface_" + m.name + "_total"
		fmt.Fprintf(w, "# HELP %s %s.\n# TYPE %s counter\n", name, m.help, name)
		for _, i := range all {
			received, sent := m.of(i)
			fmt.Fprintf(w, "%s{interface=%q,direction=\"received\"} %d\n%s{interface=%q,direction=\"sent\"} %d\n", name, i.Name, received, name, i.Name, sent)
		}
	}
	gauge(w, "monitor_host_load", "Load of one minute", h.Load)
	gauge(w, "monitor_host_memory_bytes", "Memory of the host", float64(h.MemoryTotal))
	gauge(w, "monitor_host_memory_available_bytes", "Memory that can be used", float64(h.MemoryAvailable))
	gauge(w, "monitor_host_uptime_seconds", "Time since the host started", h.Uptime)
	fmt.Fprint(w, "# HELP monitor_protocol Counters of the kernel's protocols.\n# TYPE monitor_protocol gauge\n")
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		protocol, counter, _ := strings.Cut(name, "_")
		fmt.Fprintf(w, "monitor_protocol{protocol=%q,counter=%q} %d\n", protocol, counter, counters[name])
	}
	return nil
}

func gauge(w io.Writer, name, help string, value float64) {
	fmt.Fprintf(w, "# HELP %s %s.\n# TYPE %s gauge\n%s %g\n", name, help, name, name, value)
}
