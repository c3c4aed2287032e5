// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// routeRow is a hot-plug route as it is printed.
type routeRow struct {
	ID        string     `json:"id"`
	Network   string     `json:"network"`
	A         string     `json:"a"`
	AName     string     `json:"a_name,omitempty"`
	B         string     `json:"b"`
	BName     string     `json:"b_name,omitempty"`
	BNetwork  string     `json:"b_network,omitempty"` // where it is another than network, A's
	Chassis   []string   `json:"chassis"`
	Transport string     `json:"transport"`
	Packets   uint64     `json:"packets"`
	Bytes     uint64     `json:"bytes"`
	Age       string     `json:"age"`
	Idle      string     `json:"idle"`
	Rules     []ruleRow  `json:"rules"` // what decides now, in each direction
	Tracked   bool       `json:"tracked"`
	Classes   []classRow `json:"classes"` // of a tracked route, which connections pass
	Flows     []flowRow  `json:"flows"`
}

// ruleRow is what decides about what goes one way.
type ruleRow struct {
	From   string `json:"from"`
	To     string `json:"to"`
	By     string `json:"by"`             // link, policy, network, group, way out or none
	Name   string `json:"name,omitempty"` // of the policy, network or group, of a link both ends; none: of several policies
	Reason string `json:"reason"`
}

// classRow is connections that may pass and were asked for lately.
type classRow struct {
	From         string `json:"from"` // who opens them
	To           string `json:"to"`
	Ports        string `json:"ports"`
	Policy       string `json:"policy,omitempty"`
	Packets      uint64 `json:"packets"`
	Bytes        uint64 `json:"bytes"`
	ReplyPackets uint64 `json:"reply_packets"`
	ReplyBytes   uint64 `json:"reply_bytes"`
}

// flowRow is one flow of a route.
type flowRow struct {
	Chassis string `json:"chassis"`
	From    string `json:"from"`
	To      string `json:"to"`
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
	Age     string `json:"age"`
	Policy  string `json:"policy,omitempty"` // for which its packets count
	Text    string `json:"text"`
}

var routeTable = output.Table[routeRow]{
	Name: func(r routeRow) string { return r.ID },
	Columns: []output.Column[routeRow]{
		{Title: "ROUTE ID", Value: func(r routeRow) string { return r.ID }},
		{Title: "NETWORK", Value: routeNetworks},
		{Title: "A", Value: func(r routeRow) string { return end(r.A, r.AName) }},
		{Title: "B", Value: func(r routeRow) string { return end(r.B, r.BName) }},
		{Title: "RULE", Value: routeRule},
		{Title: "TRACKED", Value: routeTracked},
		{Title: "TRANSPORT", Value: func(r routeRow) string { return cmp.Or(r.Transport, "-") }},
		{Title: "PACKETS", Value: func(r routeRow) string { return strconv.FormatUint(r.Packets, 10) }},
		{Title: "AGE", Value: func(r routeRow) string { return r.Age }},
		{Title: "IDLE", Value: func(r routeRow) string { return r.Idle }},
	},
	Wide: []output.Column[routeRow]{
		{Title: "CLASSES", Value: routeClassTexts},
		{Title: "FLOWS", Value: func(r routeRow) string {
			lines := make([]string, len(r.Flows))
			for i, f := range r.Flows {
				lines[i] = f.Chassis + ": " + f.Text
			}
			return strings.Join(lines, "; ")
		}},
	},
}

// routeRule is what decides about a route: in both directions the same or, of each, its
// own.
func routeRule(r routeRow) string {
	var texts []string
	for _, rule := range r.Rules {
		text := strings.TrimSpace(rule.By + " " + rule.Name)
		if rule.By == "policy" && rule.Name == "" {
			text = "policies"
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return cmp.Or(strings.Join(texts, ", "), "-")
}

func routeTracked(r routeRow) string {
	if r.Tracked {
		return "yes"
	}
	return "no"
}

// routeClassTexts are the classes of a tracked route, each with its policy.
func routeClassTexts(r routeRow) string {
	texts := make([]string, len(r.Classes))
	for i, c := range r.Classes {
		texts[i] = fmt.Sprintf("%s -> %s %s", c.From, c.To, c.Ports)
		if c.Policy != "" {
			texts[i] += " (" + c.Policy + ")"
		}
	}
	return cmp.Or(strings.Join(texts, "; "), "-")
}

// routeNetworks are the networks of a route's ends.
func routeNetworks(r routeRow) string {
	if r.BNetwork == "" {
		return r.Network
	}
	return r.Network + "," + r.BNetwork
}

func end(address, name string) string {
	if name == "" {
		return address
	}
	return address + " (" + name + ")"
}

func newRouteRow(r *apiv1.Route) routeRow {
	row := routeRow{
		ID: r.GetId(), Network: r.GetNetwork(), A: r.GetA(), AName: r.GetAName(), B: r.GetB(), BName: r.GetBName(),
		Chassis: r.GetChassis(), Transport: r.GetTransport(), Packets: r.GetPackets(), Bytes: r.GetBytes(),
		Age: seconds(r.GetAge().AsDuration()), Idle: seconds(r.GetIdle().AsDuration()), Flows: []flowRow{},
		Rules: []ruleRow{}, Tracked: r.GetTracked(), Classes: []classRow{},
	}
	for _, m := range r.GetRules() {
		row.Rules = append(row.Rules, ruleRow{m.GetFrom(), m.GetTo(), m.GetBy(), m.GetName(), m.GetReason()})
	}
	for _, c := range r.GetClasses() {
		row.Classes = append(row.Classes, classRow{
			c.GetFrom(), c.GetTo(), c.GetPorts(), c.GetPolicy(), c.GetPackets(), c.GetBytes(), c.GetReplyPackets(), c.GetReplyBytes(),
		})
	}
	if r.GetBNetwork() != r.GetNetwork() {
		row.BNetwork = r.GetBNetwork()
	}
	for _, f := range r.GetFlows() {
		row.Flows = append(row.Flows, flowRow{
			Chassis: f.GetChassis(), From: f.GetFrom(), To: f.GetTo(), Packets: f.GetPackets(), Bytes: f.GetBytes(),
			Age: seconds(f.GetAge().AsDuration()), Text: f.GetText(), Policy: f.GetPolicy(),
		})
	}
	return row
}

func seconds(d time.Duration) string { return d.Truncate(time.Second).String() }

func (a *app) routeCommand() *cobra.Command {
	return noun("route", "hot-plug routes: who talks to whom right now", a.routeLs(), a.routeInspect(), a.routeWatch())
}

func (a *app) routeLs() *cobra.Command {
	var o output.Options
	req := &apiv1.RouteServiceListRequest{}
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list the routes that are plugged", Args: exactly(0),
		Long: `List the routes that are plugged, as the datapaths of the hosts report them now.
A route is one pair of endpoints; it goes after its idle time without a packet. RULE is what lets
it through now: a link, a policy, the network or a group. Where not all connections are
allowed they are TRACKED; --no-trunc shows which pass.`,
		Example: "  linkspan route ls\n  linkspan route ls --network web -o json\n  linkspan route ls --no-trunc     with the flows on each host",
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			r, err := client.Routes.List(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			a.notShown(r.Msg.GetMissing())
			for _, p := range r.Msg.GetRefused() {
				fmt.Fprintf(a.err, "linkspan: %s; to allow it: linkspan site allow-clear %s %s\n", refusedText(p), p.GetA(), p.GetB())
			}
			rows := make([]routeRow, len(r.Msg.GetRoutes()))
			for i, route := range r.Msg.GetRoutes() {
				rows[i] = newRouteRow(route)
			}
			return routeTable.Print(a.out, o, rows)
		},
	}
	c.Flags().StringVar(&req.Network, "network", "", "only those of this `network`")
	c.Flags().StringVar(&req.Chassis, "switch", "", "only those with flows on this `switch`")
	_ = c.RegisterFlagCompletionFunc("network", a.completeNetworks)
	_ = c.RegisterFlagCompletionFunc("switch", a.completeSwitches)
	o.AddFlags(c.Flags(), true)
	return c
}

// routeEvent is what route watch prints of a change.
type routeEvent struct {
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"` // plugged, unplugged, denied
	Network  string    `json:"network"`
	From     string    `json:"from"`
	FromName string    `json:"from_name,omitempty"`
	To       string    `json:"to"`
	ToName   string    `json:"to_name,omitempty"`
	// ToNetwork is where To is in another network than From.
	ToNetwork string `json:"to_network,omitempty"`
	Chassis   string `json:"chassis"`
	Reason    string `json:"reason,omitempty"`
	Policy    string `json:"policy,omitempty"` // that decided
	Ports     string `json:"ports,omitempty"`  // of the connection that From opened
	Packets   uint64 `json:"packets,omitempty"`
	Bytes     uint64 `json:"bytes,omitempty"`
}

func (a *app) routeWatch() *cobra.Command {
	var o output.Options
	req := &apiv1.RouteServiceWatchRequest{}
	c := &cobra.Command{
		Use: "watch", Short: "print routes as they are plugged, unplugged and denied", Args: exactly(0),
		Long:    "Print routes as they are plugged, unplugged and denied, a line each, until interrupted.",
		Example: "  linkspan route watch --network web\n  linkspan route watch --format '{{.Kind}} {{.From}} {{.To}}'",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Validate(); err != nil {
				return err
			}
			client, err := a.target.client()
			if err != nil {
				return err
			}
			defer client.Close()
			stream, err := client.Routes.Watch(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			defer stream.Close()
			for stream.Receive() {
				if stream.Msg().GetKind() == apiv1.RouteServiceWatchResponse_KIND_UNSPECIFIED {
					fmt.Fprintln(a.err, "watching; interrupt to end")
					continue
				}
				if err := a.printRouteEvent(o, stream.Msg()); err != nil {
					return err
				}
			}
			return stream.Err()
		},
	}
	c.Flags().StringVar(&req.Network, "network", "", "only those of this `network`")
	o.AddFlags(c.Flags(), false)
	return c
}

func (a *app) printRouteEvent(o output.Options, m *apiv1.RouteServiceWatchResponse) error {
	kind := strings.ToLower(strings.TrimPrefix(m.GetKind().String(), "KIND_"))
	e := routeEvent{
		Time: m.GetTime().AsTime(), Kind: kind, Network: m.GetNetwork(), From: m.GetFrom(), FromName: m.GetFromName(),
		To: m.GetTo(), ToName: m.GetToName(), Chassis: m.GetChassis(), Reason: m.GetReason(),
		Packets: m.GetPackets(), Bytes: m.GetBytes(), Policy: m.GetPolicy(), Ports: m.GetPorts(),
	}
	if m.GetToNetwork() != m.GetNetwork() {
		e.ToNetwork = m.GetToNetwork()
	}
	if o.Output != "table" || o.Format != "" {
		return output.PrintLine(a.out, o, e)
	}
	detail := e.Reason
	if kind == "unplugged" {
		detail = fmt.Sprintf("after %d packets: %s", e.Packets, e.Reason)
	}
	if e.Policy != "" {
		detail = fmt.Sprintf("%s: %s: %s", e.Ports, e.Reason, e.Policy)
	}
	_, err := fmt.Fprintf(a.out, "%s %-9s %s %s -> %s on %s %s\n", e.Time.Local().Format("15:04:05.000"), kind, e.Network,
		end(e.From, e.FromName), end(e.To, e.ToName), cmp.Or(e.Chassis, "?"), detail)
	return err
}
