// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is what all soaks of a run end with.
type report struct {
	began  time.Time
	length time.Duration
	seed   uint64
	tables strings.Builder
}

// result is what one soak ends with.
type result struct {
	length  time.Duration
	dockerd string // its version
	before  counts
	spaces  int
}

// String is the report in Markdown.
func (all *report) String() string {
	return fmt.Sprintf("# Soak\n\n`LINKSPAN_SOAK=%v LINKSPAN_SOAK_SEED=%d make soak`, %s, on one machine with %d processors.\n\n"+
		"Containers, networks and h3 come and go while programs are killed, three of four times by SIGKILL. After each round, at rest: no two containers\n"+
		"have one address, Docker and controller agree, containers of each network reach each other, no flow is nobody's or of an endpoint that is gone.\n"+
		"One conversation by TCP and UDP between two hosts goes on through all of it. In the second half the controller and the switch of h1 are left\n"+
		"alone, so that growth would show; the others were started anew again and again.\n%s",
		all.length, all.seed, all.began.UTC().Format(time.DateOnly), runtime.NumCPU(), all.tables.String())
}

// report prints the table of results and, when LINKSPAN_SOAK_TABLE names a file,
// writes it there as well, after those of the soaks before.
func (w *world) report(all *report, r result) {
	w.t.Helper()
	table := w.table(r)
	w.t.Log(table)
	all.tables.WriteString(table)
	path := os.Getenv("LINKSPAN_SOAK_TABLE")
	if path == "" {
		return
	}
	if err := os.WriteFile(path, []byte(all.String()), 0o644); err != nil {
		w.t.Error(err)
	}
}

// table returns the results in Markdown.
func (w *world) table(r result) string {
	var text strings.Builder
	verdict := "every check passed"
	if w.t.Failed() {
		verdict = "**a check failed**"
	}
	fmt.Fprintf(&text, "\n## dockerd %s\n\n%v on a lab of %d hosts: %s.\n\n| | |\n|---|---|\n", r.dockerd, r.length, len(w.l.Hosts()), verdict)
	row := func(what, format string, args ...any) {
		fmt.Fprintf(&text, "| "+what+" | "+format+" |\n", args...)
	}
	row("rounds", "%d", w.round)
	for _, name := range slices.Sorted(maps.Keys(w.counts)) {
		row(name, "%d", w.counts[name])
	}
	for _, program := range []string{"controller", "switch", "ovs-vswitchd", "ovsdb-server", "dockerd"} {
		n := 0
		for v, times := range w.struck {
			if v.program == program {
				n += times
			}
		}
		row("killed: "+program, "%d", n)
	}
	row("quiet until everything was right, at most", "%v", w.slowest.Round(10*time.Millisecond))
	row("addresses that outlived their container for up to two minutes", "%d", w.left.count)
	row("conversation", "%d answers by TCP on one connection, %d by UDP, %d lost", w.talk.TCP, w.talk.UDP, w.talk.Lost)
	row("every count back after the last removal", "%v: %v", w.returned, r.before)
	row("namespaces that killed dockerds left, of containers that are gone", "%d", r.spaces)
	for _, v := range w.measured() {
		was, is := w.series[v.node].ends()
		row(fmt.Sprintf("%s of %s: memory, MiB", v.program, v.node), "%d at first; second half: %d, then %d", w.began[v.node].memory, was.memory, is.memory)
		row(fmt.Sprintf("%s of %s: open files", v.program, v.node), "%d at first; second half: %d, then %d", w.began[v.node].files, was.files, is.files)
	}
	return text.String()
}
