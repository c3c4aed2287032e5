// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/view"
)

// Hub is what is read of the sessions; see [control.Hub].
type Hub interface {
	Counters() *control.Counters
	Sessions() (connected, ready int)
	View() *view.View
}

var _ Hub = (*control.Hub)(nil)

// FlowLog is what is read of a flow log.
type FlowLog interface {
	Counts() (written, lost, failed uint64)
}

// Controller collects the metrics of a controller. Reading them takes no lock
// that a packet waits for.
type Controller struct {
	Hub      Hub
	Revision func() uint64 // of the store, as last seen
	FlowLog  FlowLog       // nil: there is none
}

var _ prometheus.Collector = Controller{}

// The families of a controller.
var (
	packetIns  = newCounter("linkspan_controller_packet_ins_total", "Packets that switches sent up for a decision.")
	decisions  = newCounter("linkspan_controller_decisions_total", "Packets sent up, by what became of them; early ones came before the session was ready, malformed ones were no IPv4 of a known origin, away ones were for a switch without a session, rejected ones were answered with prohibited, inspected ones went through connection tracking before they came again, resumed ones are answers in connections that a switch has forgotten.", "result")
	repeated   = newCounter("linkspan_controller_decisions_repeated_total", "Decisions made anew, as a record they rested on had changed.")
	joined     = newCounter("linkspan_controller_packets_joined_total", "Packets that waited for the plug that another packet had begun.")
	overflowed = newCounter("linkspan_controller_packets_dropped_total", "Packets dropped because too many waited, or their records changed all the time.")
	plugs      = newCounter("linkspan_controller_plugs_total", "Routes plugged, between endpoints of one chassis (local) or of two (remote).", "scope")
	abandoned  = newCounter("linkspan_controller_plugs_abandoned_total", "Plugs given up for lack of an answer in time.")
	pending    = newGauge("linkspan_controller_plugs_pending", "Plugs under way.")
	flushes    = newCounter("linkspan_controller_flushes_total", "Deletions of flows sent to switches because a record changed.")
	classes    = newCounter("linkspan_controller_classes_total", "Classes of connections plugged for tracked pairs, on each of their chassis.")
	revised    = newCounter("linkspan_controller_revised_total", "Flows of routes deleted because policy changed, or because they were not right any more when a switch connected.")
	removed    = newCounter("linkspan_controller_flows_removed_total", "Flows that switches reported gone.")
	refused    = newCounter("linkspan_controller_openflow_refused_total", "OpenFlow messages that switches refused.")
	sessions   = newGauge("linkspan_controller_sessions", "Switches connected.")
	settled    = newGauge("linkspan_controller_sessions_ready", "Switches connected whose flows are in place.")
	networks   = newGauge("linkspan_controller_networks", "Networks of the fabric.")
	endpoints  = newGauge("linkspan_controller_endpoints", "Endpoints of the fabric, reserved or attached.")
	chassis    = newGauge("linkspan_controller_chassis", "Switches that have joined the fabric, connected or not.")
	revision   = newGauge("linkspan_controller_store_revision", "Revision of the store as last seen.")
	logLines   = newCounter("linkspan_controller_flow_log_lines_total", "Lines of the flow log, by what became of them: written, lost (read too slowly), failed (not written).", "result")
	unlogged   = newCounter("linkspan_controller_policy_log_suppressed_total", "Conversations that a policy let through and wants written down, and that were too many to be.")
	setUps     = newHistogram("linkspan_controller_remote_plug_seconds", "Seconds from a packet's arrival until its route between two chassis was plugged and the packet sent on.")
)

// Describe implements prometheus.Collector.
func (c Controller) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range []family{
		packetIns, decisions, repeated, joined, overflowed, plugs, classes, abandoned, pending, flushes, revised, removed, refused,
		sessions, settled, networks, endpoints, chassis, revision, unlogged, setUps,
	} {
		ch <- f.desc
	}
	if c.FlowLog != nil {
		ch <- logLines.desc
	}
}

// Collect implements prometheus.Collector.
func (c Controller) Collect(ch chan<- prometheus.Metric) {
	n := c.Hub.Counters()
	c.packets(ch, n)
	send(ch, plugs, n.PlugsLocal.Load(), "local")
	send(ch, plugs, n.PlugsRemote.Load(), "remote")
	send(ch, abandoned, n.Late.Load())
	send(ch, pending, n.Pending.Load())
	send(ch, flushes, n.Flushed.Load())
	send(ch, classes, n.Classes.Load())
	send(ch, revised, n.Revised.Load())
	send(ch, removed, n.FlowsRemoved.Load())
	send(ch, refused, n.Refused.Load())
	all, ready := c.Hub.Sessions()
	send(ch, sessions, all)
	send(ch, settled, ready)
	nets, ends, hosts := c.Hub.View().Len()
	send(ch, networks, nets)
	send(ch, endpoints, ends)
	send(ch, chassis, hosts)
	send(ch, revision, c.Revision())
	send(ch, unlogged, n.Unlogged.Load())
	sendHistogram(ch, setUps, &n.RemoteTime)
	if c.FlowLog != nil {
		written, lost, failed := c.FlowLog.Counts()
		send(ch, logLines, written, "written")
		send(ch, logLines, lost, "lost")
		send(ch, logLines, failed, "failed")
	}
}

func (c Controller) packets(ch chan<- prometheus.Metric, n *control.Counters) {
	send(ch, packetIns, n.PacketIns.Load())
	send(ch, decisions, n.Allowed.Load(), "allowed")
	send(ch, decisions, n.Denied.Load(), "denied")
	send(ch, decisions, n.Expired.Load(), "expired")
	send(ch, decisions, n.Rejected.Load(), "rejected")
	send(ch, decisions, n.Ignored.Load(), "ignored")
	send(ch, decisions, n.Away.Load(), "away")
	send(ch, decisions, n.Early.Load(), "early")
	send(ch, decisions, n.Malformed.Load(), "malformed")
	send(ch, decisions, n.Inspected.Load(), "inspected")
	send(ch, decisions, n.Resumed.Load(), "resumed")
	send(ch, repeated, n.Again.Load())
	send(ch, joined, n.Joined.Load())
	send(ch, overflowed, n.Dropped.Load())
}
