// SPDX-License-Identifier: Apache-2.0

package linkspan

import "time"

// EventKind is a dotted name, noun first: "network.restored".
type EventKind string

// The kinds of events.
const (
	NetworkCreated     EventKind = "network.created"
	NetworkRemoved     EventKind = "network.removed"
	NetworkRestored    EventKind = "network.restored" // a docker network rm was undone
	NetworkRefused     EventKind = "network.refused"  // a docker network create was undone
	SwitchJoined       EventKind = "switch.joined"
	SwitchRemoved      EventKind = "switch.removed"
	SwitchConnected    EventKind = "switch.connected"
	SwitchLost         EventKind = "switch.lost"
	SessionRefused     EventKind = "session.refused"
	PathLost           EventKind = "path.lost"    // the direct transport gave way to the tunnel
	SiteRefused        EventKind = "site.refused" // traffic between two sites was dropped
	SiteAllowed        EventKind = "site.allowed" // it may go in clear text from now on
	SiteForbidden      EventKind = "site.forbidden"
	SwitchMoved        EventKind = "switch.moved" // to another site
	GroupCreated       EventKind = "group.created"
	GroupRemoved       EventKind = "group.removed"
	GroupChanged       EventKind = "group.changed" // a network came to it, or left it
	LinkConnected      EventKind = "link.connected"
	LinkDenied         EventKind = "link.disconnected"
	LinkCleared        EventKind = "link.cleared"
	PolicyApplied      EventKind = "policy.applied"
	PolicyRemoved      EventKind = "policy.removed"
	EndpointMoved      EventKind = "endpoint.moved"       // its container runs on another host now
	EndpointMoveUndone EventKind = "endpoint.move-undone" // it was to, and stays
	// A container floods and is limited, or no longer.
	EndpointLimited  EventKind = "endpoint.limited"
	EndpointReleased EventKind = "endpoint.released"
	// A client of the registry came from outside of the management subnets.
	ClientRefused EventKind = "client.refused"
)

// BySwitch says whether switches report events of this kind, each about itself.
func (k EventKind) BySwitch() bool {
	switch k {
	case NetworkRestored, NetworkRefused, EndpointLimited, EndpointReleased:
		return true
	}
	return false
}

// Event is something that happened and somebody may ask about later.
type Event struct {
	Time    time.Time `json:"time"`
	Kind    EventKind `json:"kind"`
	Subject string    `json:"subject"` // the name of what it happened to
	Chassis string    `json:"chassis,omitempty"`
	Actor   string    `json:"actor,omitempty"` // the identity behind it
	Message string    `json:"message"`         // why, and what to type next
}
