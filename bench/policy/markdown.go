// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan/bench/report"
	"github.com/linkspan/linkspan/bench/stats"
)

// markdown returns the report for people.
func (r *result) markdown() []byte {
	b := bytes.NewBuffer(r.Markdown())
	fmt.Fprintf(b, "\n## %d policies, %d endpoints on %d hosts\n\n| | |\n|---|---:|\n", r.Policies, r.Endpoints, r.Hosts)
	line := func(name, value string) { fmt.Fprintf(b, "| %s | %s |\n", name, value) }
	line("decision, first about a pair", report.Span(r.First))
	line("decision, remembered", report.Span(r.Again))
	line("decision, without policies", report.Span(r.Ungoverned))
	line("controller's heap and stacks, no policies", report.Size(r.Without.Live()))
	line("the same with policies", report.Size(r.With.Live()))
	line("the same when all talk", report.Size(r.Talking.Live()))
	line("selectors in the View, beside the policies", report.Size(r.Selectors))
	line("what is remembered by one who was asked about all conversations", report.Size(r.Memo))
	line("resident, no policies", report.Size(r.Without.Resident))
	line("resident, when all talk", report.Size(r.Talking.Resident))
	line("all policies applied", report.Span(r.Apply))
	line("all policies applied: controller CPU", report.Span(r.ApplyCPU))
	n := r.Whole + r.Tracked + r.Denied
	line("conversations", fmt.Sprintf("%d: %d allowed whole, %d by class, %d denied", n, r.Whole, r.Tracked, r.Denied))
	line("conversations begin: controller CPU for each", report.Span(r.TalkCPU/time.Duration(max(n, 1))))
	line("flows of these", fmt.Sprint(r.Flows))
	fmt.Fprint(b, "\n## One change\n\nFrom the request that applies or removes one policy until the last FlowMod because of it is at its switch.\n\n"+
		"| policy about | | endpoints selected | conversations concerned | answered | **all revised**, p50 | p95 | max | controller CPU | switches revised | FlowMods | flows of routes touched | of others | denials forgotten |\n"+
		"|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range r.Changes {
		c := &r.Changes[i]
		c.markdown(b, "comes", c.Come)
		c.markdown(b, "goes", c.Gone)
	}
	return b.Bytes()
}

func (c *kindCost) markdown(b *bytes.Buffer, what string, all []seen) {
	took := func(of func(*seen) time.Duration) (x []time.Duration) {
		for i := range all {
			x = append(x, of(&all[i]))
		}
		return x
	}
	number := func(of func(*seen) int) string {
		var x []float64
		for i := range all {
			x = append(x, float64(of(&all[i])))
		}
		return fmt.Sprintf("%.0f", stats.Median(x))
	}
	revised := took(func(s *seen) time.Duration { return s.Revised })
	fmt.Fprintf(b, "| %s | %s | %.0f | %.0f | %s | **%s** | %s | %s | %s | %s | %s | %s | 0 | %s |\n", c.Name, what, stats.Median(c.Selected), stats.Median(c.Talks),
		report.Span(stats.Quantile(took(func(s *seen) time.Duration { return s.Answered }), 0.5)),
		report.Span(stats.Quantile(revised, 0.5)), report.Span(stats.Quantile(revised, 0.95)), report.Span(slices.Max(revised)),
		report.Span(mean(took(func(s *seen) time.Duration { return s.CPU }))),
		number(func(s *seen) int { return s.Bridges }), number(func(s *seen) int { return s.FlowMods }), number(func(s *seen) int { return s.Flows }),
		number(func(s *seen) int { return s.Denials }))
}

// mean is for what is counted in steps of 10 ms.
func mean(x []time.Duration) (sum time.Duration) {
	for _, d := range x {
		sum += d
	}
	return sum / time.Duration(len(x))
}
