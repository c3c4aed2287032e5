// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/stats"
)

// row is one line of a table: a figure over the sizes.
type row struct {
	name  string
	value func(*figures) float64
	unit  func(float64) string
}

// rows are the lines of every table.
func rows() []row { return slices.Concat(restRows(), startRows(), changeRows()) }

func count(v float64) string { return fmt.Sprintf("%.4g", v) }

func cores(v float64) string { return fmt.Sprintf("%.3f", v) }

// took gives a time as a number.
func took(of func(*figures) time.Duration) func(*figures) float64 {
	return func(f *figures) float64 { return float64(of(f)) }
}

// more gives what was more after than before, for each of some.
func more(of func(*figures) (after, before int64), each func(*figures) int) func(*figures) float64 {
	return func(f *figures) float64 {
		after, before := of(f)
		return float64(after-before) / float64(each(f))
	}
}

// restRows are about a controller that nothing happens to.
func restRows() []row {
	endpoints := func(f *figures) int { return f.Endpoints }
	hosts := func(f *figures) int { return f.Hosts }
	return []row{
		{"endpoints", func(f *figures) float64 { return float64(f.Endpoints) }, count},
		{"networks", func(f *figures) float64 { return float64(f.Networks) }, count},
		{"**static flows per idle endpoint**", func(f *figures) float64 { return f.Flows }, count},
		{"**heap per idle endpoint**", more(func(f *figures) (int64, int64) { return f.Attached.Heap, f.Joined.Heap }, endpoints), size},
		{"heap and stacks per connected host", more(func(f *figures) (int64, int64) { return f.Joined.Live(), f.Empty.Live() }, hosts), size},
		{"**all of it per idle endpoint, with the connections of its host**", more(func(f *figures) (int64, int64) { return f.Attached.Live(), f.Empty.Live() }, endpoints), size},
		{"the same after a restart", more(func(f *figures) (int64, int64) { return f.Restarted.Live(), f.Empty.Live() }, endpoints), size},
		{"heap and stacks, all", func(f *figures) float64 { return float64(f.Attached.Live()) }, size},
		{"resident, all attached", func(f *figures) float64 { return float64(f.Attached.Resident) }, size},
		{"of that, without files", func(f *figures) float64 { return float64(f.Attached.Anonymous) }, size},
		{"**store per endpoint: its record**", more(func(f *figures) (int64, int64) { return f.StoreAttached.Data, f.StoreJoined.Data }, endpoints), size},
		{"store per endpoint: in use, with the history of 10 minutes", more(func(f *figures) (int64, int64) { return f.StoreAttached.Used, f.StoreJoined.Used }, endpoints), size},
		{"store, records", func(f *figures) float64 { return float64(f.StoreAttached.Data) }, size},
		{"store, in use, with the history of 10 minutes", func(f *figures) float64 { return float64(f.StoreAttached.Used) }, size},
		{"store, on disk, with the log", func(f *figures) float64 { return float64(f.StoreAttached.Disk) }, size},
		{"idle controller, cores", func(f *figures) float64 { return f.IdleCores }, cores},
		{"all hosts join, connect", took(func(f *figures) time.Duration { return f.JoinTime }), span},
		{"all endpoints attach, until all concerned know them", took(func(f *figures) time.Duration { return f.AttachTime }), span},
		{"all endpoints attach: messages to hosts, per endpoint", func(f *figures) float64 { return f.AttachMessages }, count},
		{"all endpoints attach: bytes of these, per endpoint", func(f *figures) float64 { return f.AttachBytes }, size},
	}
}

// startRows are about a controller that starts, and bridges that come back.
func startRows() (list []row) {
	for _, s := range []struct {
		name string
		of   func(*figures) *start
	}{
		{"start after a crash", func(f *figures) *start { return &f.Crash }},
		{"start, all bridges empty", func(f *figures) *start { return &f.Power }},
	} {
		list = append(list,
			row{s.name + ": takes calls", took(func(f *figures) time.Duration { return s.of(f).Listens }), span},
			row{s.name + ": **all in place**", took(func(f *figures) time.Duration { return s.of(f).InPlace }), span},
			row{s.name + ": controller CPU", took(func(f *figures) time.Duration { return s.of(f).CPU }), span},
			row{s.name + ": one bridge, median", took(func(f *figures) time.Duration { return s.of(f).Median }), span},
			row{s.name + ": resident then", func(f *figures) float64 { return float64(s.of(f).Peak) }, size})
	}
	return append(list,
		row{"one bridge comes back: in place after", took(func(f *figures) time.Duration { return f.Reconcile.Until }), span},
		row{"one bridge comes back: controller CPU", took(func(f *figures) time.Duration { return f.Reconcile.CPU }), span})
}

// changeRows are about one change.
func changeRows() (list []row) {
	for _, c := range []struct {
		name string
		of   func(*figures) *cost
	}{
		{"one endpoint more", func(f *figures) *cost { return &f.Endpoint }},
		{"a host's first endpoint of a network, and its end", func(f *figures) *cost { return &f.Presence }},
		{"one network more", func(f *figures) *cost { return &f.Network }},
	} {
		list = append(list,
			row{c.name + ": known to all concerned after", took(func(f *figures) time.Duration { return c.of(f).Until }), span},
			row{c.name + ": the slowest of these", took(func(f *figures) time.Duration { return c.of(f).Slowest }), span},
			row{c.name + ": controller CPU", took(func(f *figures) time.Duration { return c.of(f).CPU }), span},
			row{c.name + ": messages to hosts", func(f *figures) float64 { return c.of(f).Messages }, count},
			row{c.name + ": bytes of these", func(f *figures) float64 { return c.of(f).Bytes }, size})
	}
	return list
}

// markdown returns the report for people.
func (r *result) markdown() []byte {
	b := bytes.NewBuffer(r.Markdown())
	fmt.Fprint(b, "\nThe last column is the exponent k with which a figure grows over the number of endpoints, as n^k, where all of\n"+
		"the sizes have it: 0 does not grow, 1 grows as the endpoints do, and the hosts where their number is not the same.\n")
	for i := range r.Layouts {
		l := &r.Layouts[i]
		fmt.Fprintf(b, "\n## Layout %s\n\n%s.\n\n| hosts |", l.Name, l.About)
		for _, f := range l.Sizes {
			fmt.Fprintf(b, " %d |", f.Hosts)
		}
		fmt.Fprint(b, " growth |\n|---|")
		for range l.Sizes {
			fmt.Fprint(b, "---:|")
		}
		fmt.Fprint(b, "---:|\n")
		for _, line := range rows() {
			line.markdown(b, l.Sizes)
		}
	}
	return b.Bytes()
}

func (l *row) markdown(b *bytes.Buffer, sizes []figures) {
	fmt.Fprintf(b, "| %s |", l.name)
	var x, y []float64
	for i := range sizes {
		v := l.value(&sizes[i])
		x, y = append(x, float64(sizes[i].Endpoints)), append(y, v)
		fmt.Fprintf(b, " %s |", l.unit(v))
	}
	if k, err := stats.Growth(x, y); err == nil {
		fmt.Fprintf(b, " %.2f |\n", k)
	} else {
		fmt.Fprint(b, " - |\n")
	}
}

// span writes nanoseconds.
func span(v float64) string {
	switch d := time.Duration(v); {
	case d >= 10*time.Second:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", v/1e6)
	}
	return fmt.Sprintf("%.0f us", v/1e3)
}

// size writes bytes.
func size(v float64) string {
	switch {
	case v >= 10e6:
		return fmt.Sprintf("%.0f MB", v/1e6)
	case v >= 10e3:
		return fmt.Sprintf("%.0f kB", v/1e3)
	}
	return fmt.Sprintf("%.0f B", v)
}
