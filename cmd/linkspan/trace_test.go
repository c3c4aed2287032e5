// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

func TestTracePorts(t *testing.T) {
	for _, c := range []struct {
		protocol string
		port     uint16
		given    bool
		want     string // or a part of the error
	}{
		{"", 0, false, ""},
		{"", 80, true, "tcp/80"},
		{"udp", 53, true, "udp/53"},
		{"sctp", 9, true, "sctp/9"},
		{"icmp", 0, false, "icmp"},
		{"icmp/13", 0, false, "icmp/13"},
		{"47", 0, false, "gre"},
		{"253", 0, false, "ip/253"},
		{"6", 443, true, "tcp/443"},
		{"tcp", 0, false, "which port of tcp is not said"},
		{"tcp/80", 0, false, "tcp/80"},
		{"tcp/80-81", 0, false, "which port of tcp/80-81 is not said"},
		{"gre", 80, true, "protocol gre has no ports"},
		{"tcp/80", 81, true, "not a number"},
		{"nonsense", 0, false, `protocol "nonsense" is not known`},
	} {
		got, err := tracePorts(c.protocol, c.port, c.given)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("--proto %q --port %d: %q, want %q", c.protocol, c.port, got, c.want)
		}
	}
}

// aTrace is one of a denied pair, with a probe.
func aTrace() *traceRow {
	return &traceRow{
		From: traceEndRow{Name: "h1/web.front", Address: "10.7.0.2", Network: "front"}, To: traceEndRow{Name: "h2/db.back", Address: "10.8.0.2"}, Ports: "tcp/5432",
		Verdict: traceVerdictRow{Verdict: "denied", Rule: "policy", Reason: "a policy denies it", Policy: "closed", Places: []string{"spec.to[0]"}, Asked: []traceStepRow{
			{"link", "nothing", "no link joins the two"},
			{"policy", "denied", "closed (priority 0) spec.to[0] and so many words more that one line of them is far too long for anybody to read"},
		}},
		Reverse: traceVerdictRow{Verdict: "allowed", Rule: "same network", Reason: "both ends are in the same network"},
		Path:    tracePathRow{Transport: "tunnel", Reason: "no direct path between the hosts is proved", MTU: 1450, Tracked: true, Class: "tcp/5432"},
		Hops: []traceHopRow{
			{Kind: "container", Name: "h1/web.front", Detail: "10.7.0.2, 02:00:00:00:00:01, port 11"},
			{Kind: "switch", Name: "h1", Flows: []traceFlowRow{
				{Table: "guard", What: "guard", Packets: 3, Bytes: 180}, {Table: "tracked", What: "denial", Class: "tcp/5432", Packets: 2, Bytes: 120, Age: "3s", Idle: "10s"},
			}},
			{Kind: "wire", Name: "tunnel", Detail: "192.0.2.1 to 192.0.2.2"},
			{Kind: "switch", Name: "h2"},
			{Kind: "switch", Name: "h3", Missing: true, Detail: "the switch is away"},
		},
		ToAllow: []remedyRow{
			{[]string{"linkspan policy apply -f -"}, "apiVersion: linkspan/v1\n", "only tcp/5432, and what is answered"},
			{[]string{"linkspan connect h1/web h2/db"}, "", "all between the two containers, in both directions"},
		},
		Probe: &traceProbeRow{Outcome: "denied", Packet: "tcp 61000 > 5432, SYN, 54 bytes, ttl 200", Events: []traceEventRow{
			{Switch: "h1", AfterMillis: 0.4, Kind: "asked", Table: "tracked"}, {Switch: "h1", AfterMillis: 0.5, Kind: "decided", Verdict: "deny", Reason: "a policy denies it"},
		}},
	}
}

const aTraceText = `
FROM     h1/web.front   10.7.0.2
TO       h2/db.back   10.8.0.2   tcp/5432
VERDICT  DENIED   by policy closed spec.to[0]
BACK     the other way round it is allowed: both ends are in the same network
PATH     it would be tunnel, mtu 1450, connections are tracked (class tcp/5432); not direct: no
             direct path between the hosts is proved
ASKED    link          nothing   no link joins the two
         policy        denied    closed (priority 0) spec.to[0] and so many words more that one
             line of them is far too long for anybody to read
HOPS     container h1/web.front   10.7.0.2, 02:00:00:00:00:01, port 11
         switch    h1
           -> guard    guard                       3 packets        180 bytes
           -> tracked  denial tcp/5432             2 packets        120 bytes  age 3s, idle 10s
         wire      tunnel   192.0.2.1 to 192.0.2.2
         switch    h2
           no flow now: the first packet asks the controller
         switch    h3   the switch is away
PROBE    DENIED   the controller refused it
         injected: tcp 61000 > 5432, SYN, 54 bytes, ttl 200
              0.4 ms  h1       table tracked: no flow for it, the controller was asked
              0.5 ms  h1       the controller decided deny: a policy denies it
TO ALLOW type one of these:
# only tcp/5432, and what is answered
linkspan policy apply -f - <<'END'
apiVersion: linkspan/v1
END
# all between the two containers, in both directions
linkspan connect h1/web h2/db
`

func TestTraceText(t *testing.T) {
	var out bytes.Buffer
	a := &app{streams: streams{out: &out}}
	if err := a.printTrace(output.Options{Output: "table"}, aTrace()); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != aTraceText {
		t.Errorf("got\n%s\nwant\n%s", got, aTraceText)
	}
	out.Reset()
	if err := a.printTrace(output.Options{Output: "yaml"}, aTrace()); err != nil || !strings.Contains(out.String(), "outcome: denied") {
		t.Errorf("%v: %s", err, out.String())
	}
}

// TestTraceCommand asks a controller without switches.
func TestTraceCommand(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	r := serveController(t, filepath.Join(t.TempDir(), "state"))
	for line, want := range map[string]string{
		"trace 192.0.2.1 8.8.8.8 --proto udp --port 53":      "VERDICT  DENIED   neither is an address of an endpoint",
		"trace 192.0.2.1 8.8.8.8 -o json":                    `"verdict": "denied"`,
		"trace 192.0.2.1 8.8.8.8 --format {{.Verdict.Rule}}": "attachment\n",
	} {
		if got := r.types(line); got.status != exitDenied || got.err != "" || !strings.Contains(got.out, want) {
			t.Errorf("%s: exit status %d, %q, %q; want %q", line, got.status, got.out, got.err, want)
		}
	}
	r.types("trace web 8.8.8.8").wants(t, exitFailed, "endpoint web is not attached anywhere")
	r.types("trace 192.0.2.1 8.8.8.8 --probe").wants(t, exitFailed, "a packet is injected where a container")
	r.types("trace 192.0.2.1").wants(t, exitUsage, "accepts 2 arg")
}
