// SPDX-License-Identifier: Apache-2.0

package flowlog

import (
	"net/netip"
	"slices"
	"time"
)

// Line is a line of the log. A route has no direction of its own: when both of
// its directions ended, From is the lower address.
type Line struct {
	Time     time.Time  `json:"time"`    // of the end, the denial or the opening
	Verdict  string     `json:"verdict"` // allow: a route ended or, where Opened, may pass; deny; reject: the sender was told
	Network  string     `json:"network"` // of From, and of To unless said
	From     netip.Addr `json:"from"`
	FromName string     `json:"from_name,omitempty"` // chassis/container
	To       netip.Addr `json:"to"`
	ToName   string     `json:"to_name,omitempty"`
	// ToNetwork is where To is in another network than From.
	ToNetwork string   `json:"to_network,omitempty"`
	Chassis   []string `json:"chassis"` // From's and, if it is another, To's; or where it was denied
	Reason    string   `json:"reason"`

	// Opened says that a conversation was let through by a policy that asks for it to be
	// written down: From opened it, and nothing of it is counted yet.
	Opened bool `json:"opened,omitempty"`
	// Policy is the policy that decided.
	Policy string `json:"policy,omitempty"`
	// Protocol is that of the connection that From opened, or tried to, by IANA's name, Port the
	// port it was to, of ICMP the type.
	Protocol string  `json:"protocol,omitempty"`
	Port     *uint16 `json:"port,omitempty"`

	// Of a route: what went from From to To, and back.
	Packets      uint64 `json:"packets"`
	Bytes        uint64 `json:"bytes"`
	ReplyPackets uint64 `json:"reply_packets"`
	ReplyBytes   uint64 `json:"reply_bytes"`
	// Tracked says that not all connections of the route were allowed: what was denied is
	// among its packets.
	Tracked bool `json:"tracked,omitempty"`
	// Duration is in seconds, the idle time before the end included.
	Duration float64 `json:"duration"`
}

// turned returns the line seen from the other end.
func (l Line) turned() Line {
	l.From, l.To, l.FromName, l.ToName = l.To, l.From, l.ToName, l.FromName
	if l.ToNetwork != "" {
		l.Network, l.ToNetwork = l.ToNetwork, l.Network
	}
	l.Packets, l.ReplyPackets = l.ReplyPackets, l.Packets
	l.Bytes, l.ReplyBytes = l.ReplyBytes, l.Bytes
	slices.Reverse(l.Chassis)
	return l
}

// plus adds the other direction, which ended later.
func (l Line) plus(other Line) Line {
	l.Time = other.Time
	l.ReplyPackets += other.Packets
	l.ReplyBytes += other.Bytes
	l.Duration = max(l.Duration, other.Duration)
	if other.Chassis[0] != l.Chassis[0] {
		l.Chassis = append(l.Chassis, other.Chassis...)
	}
	if l.To.Less(l.From) {
		return l.turned()
	}
	return l
}
