// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// The exit statuses of trace beside those of every command.
const (
	exitDenied    = 1
	exitElsewhere = 3 // Linkspan does not decide about the two
)

const traceHelp = `Tell whether packets from one end to another pass, who decides that, and which way they go: the verdict;
all who were asked, in their order; the transport and the MTU; each switch on the way with the flows
that these packets meet, and their counters now. For what is denied, tell what to type to allow it.

An end is a container, as [switch/]container[.network], or an address, of a container or outside of all
networks. Without --proto and --port it is a ping. A name means the IPv4 address of a container, or beside
an IPv6 address, or with --proto icmp6, its IPv6 address. What is asked about is that the first end opens a
conversation; replies pass in any that may be opened.

With --probe, a packet is injected at the port of the first end, as its container would send it (of TCP a
SYN), and it is told what became of it: it passes the guard, comes up to the controller where there is no
route, is decided about, takes the flows. It is held back before the port of the container that it is for,
which does not see it, or before the host's stack where it would go out; running traffic is not touched. A route that it needs is plugged and stays until
it is idle, and a denial is remembered for some seconds, as for any packet. Needs the role operator.

The exit status is 0 if it is allowed, 1 if it is denied or something is wrong, 3 if Linkspan does not
decide, as between containers of a network that one host has alone.`

func (a *app) traceCommand() *cobra.Command {
	var o output.Options
	var protocol string
	var port uint16
	var probe bool
	c := &cobra.Command{
		Use: "trace FROM TO", Short: "tell why two may talk or may not, and which way their packets go", Args: exactly(2), Long: traceHelp,
		Example: "  linkspan trace web1 db1 --proto tcp --port 5432\n  linkspan trace h1/web1.front h2/db1.front\n  linkspan trace web1 8.8.8.8 --proto udp --port 53\n" +
			"  linkspan trace web1 db1 --proto tcp --port 5432 --probe\n  linkspan trace web1 db1 -o json",
		ValidArgsFunction: a.completeContainers,
		RunE: a.withClient(func(cmd *cobra.Command, client *api.Client, args []string) error {
			ports, err := tracePorts(protocol, port, cmd.Flags().Changed("port"))
			if err != nil {
				return err
			}
			q := &apiv1.TraceQuestion{From: args[0], To: args[1], Ports: ports}
			r, err := client.Traces.Explain(cmd.Context(), connect.NewRequest(&apiv1.TraceServiceExplainRequest{Question: q}))
			if err != nil {
				return err
			}
			row := newTraceRow(r.Msg)
			if probe {
				if err := row.probe(cmd, client, q); err != nil {
					return err
				}
			}
			if err := a.printTrace(o, &row); err != nil {
				return err
			}
			return row.status()
		}),
	}
	c.Flags().StringVar(&protocol, "proto", "", "of this `protocol`: tcp, udp, sctp, icmp, icmp/13 (a type), icmp6, a name of IANA's or a number")
	c.Flags().Uint16Var(&port, "port", 0, "to this `port` of the destination; of tcp where no --proto is given")
	c.Flags().BoolVar(&probe, "probe", false, "inject a packet and tell what became of it; its destination does not see it")
	_ = c.RegisterFlagCompletionFunc("proto", cobra.FixedCompletions([]cobra.Completion{"tcp", "udp", "sctp", "icmp", "icmp6"}, cobra.ShellCompDirectiveNoFileComp))
	o.AddFlags(c.Flags(), false)
	return c
}

// tracePorts puts protocol and port together as a policy has them.
func tracePorts(protocol string, port uint16, given bool) (string, error) {
	if n, err := strconv.ParseUint(protocol, 10, 8); err == nil && n > 0 {
		protocol = linkspan.ProtocolName(uint8(n))
	}
	switch {
	case protocol == "" && !given:
		return "", nil // a ping of the family that the ends are named by
	case given:
		protocol = fmt.Sprintf("%s/%d", cmp.Or(protocol, "tcp"), port)
	}
	ports, err := linkspan.ParsePolicyPorts(protocol)
	if err == nil && linkspan.Ported(ports.Protocol) && ports.First != ports.Last {
		err = &linkspan.Error{Code: linkspan.Invalid, Message: "which port of " + ports.String() + " is not said", Hint: "add --port, as in --port 80"}
	}
	return protocol, err
}

// status is nil for what is allowed.
func (r *traceRow) status() error {
	switch r.Verdict.Verdict {
	case "allowed":
		return nil
	case "elsewhere":
		return status(exitElsewhere)
	}
	return status(exitDenied)
}

// probe asks for a packet to be injected.
func (r *traceRow) probe(cmd *cobra.Command, client *api.Client, q *apiv1.TraceQuestion) error {
	answer, err := client.Traces.Probe(cmd.Context(), connect.NewRequest(&apiv1.TraceServiceProbeRequest{Question: q}))
	if err != nil {
		return err
	}
	m := answer.Msg
	r.Probe = &traceProbeRow{Outcome: m.GetOutcome(), Packet: m.GetPacket(), Events: []traceEventRow{}}
	for _, e := range m.GetEvents() {
		r.Probe.Events = append(r.Probe.Events, traceEventRow{
			Switch: e.GetChassis(), AfterMillis: float64(e.GetAfter().AsDuration().Microseconds()) / 1000, Kind: e.GetKind(), Table: e.GetTable(),
			Transport: e.GetTransport(), To: e.GetTo(), Verdict: e.GetVerdict(), Reason: e.GetReason(),
		})
	}
	return nil
}

func newTraceRow(m *apiv1.TraceServiceExplainResponse) traceRow {
	p := m.GetPath()
	r := traceRow{
		From: newTraceEnd(m.GetFrom()), To: newTraceEnd(m.GetTo()), Ports: m.GetPorts(),
		Verdict: newTraceVerdict(m.GetVerdict()), Reverse: newTraceVerdict(m.GetReverse()),
		Path: tracePathRow{p.GetTransport(), p.GetReason(), p.GetMtu(), p.GetTracked(), p.GetClass()}, Hops: []traceHopRow{}, ToAllow: []remedyRow{},
	}
	for _, h := range m.GetHops() {
		hop := traceHopRow{Kind: h.GetKind(), Name: h.GetName(), Detail: h.GetDetail(), Missing: h.GetMissing(), Flows: []traceFlowRow{}}
		for _, f := range h.GetFlows() {
			hop.Flows = append(hop.Flows, traceFlowRow{
				Table: f.GetTable(), What: f.GetWhat(), Back: f.GetBack(), Class: f.GetClass(), Packets: f.GetPackets(), Bytes: f.GetBytes(),
				Age: seconds(f.GetAge().AsDuration()), Idle: seconds(f.GetIdle().AsDuration()), Text: f.GetText(),
			})
		}
		r.Hops = append(r.Hops, hop)
	}
	for _, w := range m.GetRemedies() {
		r.ToAllow = append(r.ToAllow, remedyRow{w.GetCommands(), w.GetFile(), w.GetOpens()})
	}
	return r
}

func newTraceEnd(m *apiv1.TraceEnd) traceEndRow {
	return traceEndRow{m.GetName(), m.GetAddress(), m.GetNetwork(), m.GetChassis(), m.GetDriver(), m.GetMac(), m.GetPort()}
}

func newTraceVerdict(m *apiv1.TraceVerdict) traceVerdictRow {
	v := traceVerdictRow{
		Verdict: m.GetVerdict(), Rule: m.GetRule(), Reason: m.GetReason(), Policy: m.GetPolicy(), Places: slices.Clone(m.GetPlaces()),
		Group: m.GetGroup(), Link: m.GetLink(), Asked: []traceStepRow{},
	}
	if v.Policy != "" {
		v.Priority = new(m.GetPriority())
	}
	for _, s := range m.GetSteps() {
		v.Asked = append(v.Asked, traceStepRow{s.GetRule(), s.GetSays(), s.GetDetail()})
	}
	return v
}
