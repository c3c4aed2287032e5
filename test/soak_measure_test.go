// SPDX-License-Identifier: Apache-2.0

package test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// usage is what a program uses.
type usage struct {
	memory int // resident, MiB
	files  int // open descriptors
}

// series is how the usage of a node's program went while it was left alone.
type series []usage

// measured are the nodes whose program is measured: the controller, and the
// switch of each host.
func (w *world) measured() []victim {
	list := []victim{{"controller", "controller"}}
	for _, host := range w.l.Hosts() {
		list = append(list, victim{host, "switch"})
	}
	return list
}

// sample measures the controller and the switches, and says what it found.
func (w *world) sample() string {
	now := make(map[string]usage)
	for _, v := range w.measured() {
		if pid, err := w.l.PID(v.node, v.program); err == nil {
			now[v.node] = usageOf(pid)
		}
	}
	if w.began == nil {
		w.began = now
	}
	if w.calm {
		for node, u := range now {
			w.series[node] = append(w.series[node], u)
		}
	}
	var text []string
	for _, node := range slices.Sorted(maps.Keys(now)) {
		text = append(text, fmt.Sprintf("%s %d MiB %d files", node, now[node].memory, now[node].files))
	}
	return strings.Join(text, ", ")
}

// usageOf reads what a process uses, as far as it can be read.
func usageOf(pid int) (u usage) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have been killed just now: 0
	_, rest, _ := bytes.Cut(text, []byte("VmRSS:"))
	if fields := bytes.Fields(rest); len(fields) > 0 {
		kb, _ := strconv.Atoi(string(fields[0]))
		u.memory = kb >> 10
	}
	files, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.files = len(files)
	return u
}

// ends returns the mean usage in the first and in the last third.
func (s series) ends() (first, last usage) {
	n := max(1, len(s)/3)
	return s[:min(n, len(s))].mean(), s[max(0, len(s)-n):].mean()
}

func (s series) mean() (m usage) {
	if len(s) == 0 {
		return m
	}
	for _, u := range s {
		m.memory += u.memory
		m.files += u.files
	}
	return usage{m.memory / len(s), m.files / len(s)}
}

// flat checks that the programs that were left alone in the second half used no
// more at its end than at its beginning.
func (w *world) flat() {
	w.t.Helper()
	const (
		memory = 32 // MiB: what a Go heap may breathe, beside a quarter
		files  = 24 // of connections that come and go
	)
	for _, node := range []string{"controller", "h1"} {
		was, is := w.series[node].ends()
		if is.memory > was.memory+was.memory/4+memory {
			w.t.Errorf("memory of %s grew from %d to %d MiB in the second half", node, was.memory, is.memory)
		}
		if is.files > was.files+files {
			w.t.Errorf("open files of %s grew from %d to %d in the second half", node, was.files, is.files)
		}
	}
}
