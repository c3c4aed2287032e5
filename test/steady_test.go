// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/test/harness"
)

// trackedStream has connections of one pair tracked: of what is not said the rest of the
// network is closed to the second.
const trackedStream = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: steady-open}
spec:
  priority: 20
  action: allow
  from: [{endpoint: steady1}]
  to: [{endpoint: steady4}]
  ports: [tcp/7000, udp/7000]
---
apiVersion: linkspan/v1
kind: Policy
metadata: {name: steady-shut}
spec: {priority: 10, action: deny, to: [{endpoint: steady4}]}
`

// unnoticed is how many changes of policies a stream must not notice.
const unnoticed = 1000

// TestUnrelatedChanges: streams of which nothing is said go on through a thousand changes
// of policies about others, some of them in the same network, and lose no byte: their
// flows stand through all of it, so that no change has lost a datagram either. What a
// busy machine loses in that time is told.
func TestUnrelatedChanges(t *testing.T) {
	l := shared(t)
	l.Network(t, "steady", "10.128.0.0/24", "--idle", "10m") // so that a stream that has no processor keeps its flows
	run := func(host, name string) *harness.Container {
		return l.Run(t, host, name, "--network", "steady", "--label", "steady.test/name="+name)
	}
	one := run("h1", "steady1")
	others := map[string]*harness.Container{
		"one host": run("h1", "steady2"), "two hosts": run("h2", "steady3"), "two hosts, tracked": run("h2", "steady4"),
	}
	run("h1", "steady8")
	run("h2", "steady9") // of whom policies speak
	apply(t, l, trackedStream, "steady-open", "steady-shut")
	streams, addresses := make(map[string]*harness.Pour), []string{one.Address(t, "steady")}
	for name, other := range others {
		addresses = append(addresses, other.Address(t, "steady"))
		streams[name] = one.Pour(t, other.Address(t, "steady")+":"+harness.Port)
	}
	before := flowsBetween(t, l, addresses)
	begun := time.Now()
	change(t, l, unnoticed)
	took := time.Since(begun)
	t.Logf("%d changes took %v", unnoticed, took)
	after := flowsBetween(t, l, addresses)
	if len(before) < 4*len(streams) {
		t.Errorf("%d flows between %v: %v", len(before), addresses, before)
	}
	for flow, was := range before {
		if now, there := after[flow]; !there || now < was+took {
			t.Errorf("a flow did not stand through the changes: %s, for %v before, %v after", flow, was, now)
		}
	}
	for name, stream := range streams {
		now := stream.End(t)
		t.Logf("%s: %d of %d datagrams were lost; %+v", name, now.Datagrams-now.Answers, now.Datagrams, now)
		if now.Broken != "" || now.Back != now.Lines {
			t.Errorf("the stream of %s came to %+v", name, now)
		}
	}
}

// standing is for how long a flow has stood, in a dump.
var standing = regexp.MustCompile(` duration=([0-9.]+s), table=([0-9]+),.*?( priority=.*)$`)

// flowsBetween returns the flows of the hosts that let through what goes between two of
// the addresses, and for how long they have stood; not those that a resting part of a
// conversation needs and that idle out.
func flowsBetween(t *testing.T, l *harness.Lab, addresses []string) map[string]time.Duration {
	t.Helper()
	all := make(map[string]time.Duration)
	for _, host := range l.Hosts() {
		for line := range strings.Lines(l.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link")) {
			m := standing.FindStringSubmatch(strings.TrimSpace(line))
			if m == nil || !slices.ContainsFunc(addresses, func(a string) bool { return strings.Contains(m[3], "nw_src="+a+",") }) ||
				!strings.Contains(m[3], "output:") && !strings.Contains(m[3], "ct(table=") || strings.Contains(m[3], "+new") || strings.Contains(m[3], "frag") {
				continue
			}
			d, err := time.ParseDuration(m[1])
			if err != nil {
				t.Fatal(err)
			}
			all[host+" table "+m[2]+m[3]] = d
		}
	}
	return all
}

// change makes n changes of policies that speak of others.
func change(t *testing.T, l *harness.Lab, n int) {
	t.Helper()
	client := api.Unix(l.Socket())
	defer client.Close()
	selectors := []linkspan.Selector{
		{Endpoint: "steady8"}, {Network: "steady", Endpoint: "h2/steady9"}, {CIDR: netip.MustParsePrefix("10.129.0.0/16")},
		{Network: "steady", Labels: map[string]string{"steady.test/name": "steady8"}},
	}
	ports := [][]linkspan.PolicyPorts{nil, {linkspan.WholeProtocol(linkspan.ProtocolTCP)}, {{Protocol: linkspan.ProtocolUDP, First: 7000, Last: 7100}}}
	for i := range n / 2 {
		p := linkspan.Policy{
			Name: fmt.Sprint("steady-", i), Priority: uint16(i % 30), Action: linkspan.PolicyAction(1 + i%3),
			From: []linkspan.Selector{selectors[i%4]}, Ports: ports[i%3],
		}
		if i%2 == 0 { // from and to others
			p.To = []linkspan.Selector{selectors[(i/2)%4]}
		} else if i%5 == 0 { // to anybody but these
			p.From, p.To = nil, p.From
		}
		req := &apiv1.PolicyServiceApplyRequest{Policies: []*apiv1.Policy{api.PolicyToProto(&p)}}
		if _, err := client.Policies.Apply(t.Context(), connect.NewRequest(req)); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Policies.Remove(t.Context(), connect.NewRequest(&apiv1.PolicyServiceRemoveRequest{Policy: p.Name})); err != nil {
			t.Fatal(err)
		}
	}
}
