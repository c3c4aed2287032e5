// SPDX-License-Identifier: Apache-2.0

package main

import "fmt"

// outcomeTexts say what became of a probe's packet.
var outcomeTexts = map[string]string{
	"delivered": "DELIVERED   it was held back before the container's port",
	"denied":    "DENIED   the controller refused it",
	"dropped":   "DROPPED   by a flow, as those of a denial do for some seconds",
	"lost":      "LOST   it left for the other switch and did not come there",
	"waiting":   "NOT SENT ON   it was allowed, and its route was not plugged in time",
	"unseen":    "DROPPED   before any table that decides: the guard did not let it through",
}

// probe tells what became of a packet.
func (t *traceText) probe(p *traceProbeRow) {
	if p == nil {
		return
	}
	text := outcomeTexts[p.Outcome]
	if n := len(p.Events); n > 0 && p.Events[n-1].outside() {
		text = "DELIVERED   it was held back before the host's stack, which it would have left by"
	}
	t.line("PROBE", text)
	t.line("", "injected: "+p.Packet)
	for _, e := range p.Events {
		t.line("", fmt.Sprintf("  %6.1f ms  %-8s %s", e.AfterMillis, e.Switch, e.text()))
	}
}

// outside says that the packet came to the host's stack, on its way out of all networks.
func (e *traceEventRow) outside() bool { return e.Kind == "delivered" && e.Transport == "gateway" }

func (e *traceEventRow) text() string {
	if e.outside() {
		return "table " + e.Table + ": out, to the host's stack"
	}
	switch e.Kind {
	case "asked":
		return "table " + e.Table + ": no flow for it, the controller was asked"
	case "inspected":
		return "the controller had connection tracking look at it first"
	case "decided":
		return "the controller decided " + e.Verdict + ": " + e.Reason
	case "left":
		return "table " + e.Table + ": left for " + e.To + ", transport " + e.Transport
	case "tracked":
		return "table " + e.Table + ": on to connection tracking"
	case "delivered":
		return "table " + e.Table + ": to the container's port"
	}
	return "table " + e.Table + ": dropped by a flow"
}
