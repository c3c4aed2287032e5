// SPDX-License-Identifier: Apache-2.0

package pipeline

import "github.com/linkspan/linkspan/wire/openflow"

// tableNames are the names of the table of tables.
var tableNames = map[uint8]string{
	tableClassify: "classify", tableDirect: "direct", tableGuard: "guard", tableNeighbour: "neighbour", tableAdvert: "advert",
	tableRoute: "route", tableTracked: "tracked", tableDeliver: "deliver", tableArrived: "arrived",
	tableEnter: "enter", tableEntered: "entered",
}

// Drop is where packets are dropped, and why.
type Drop struct {
	Table  string // classify, direct, guard, neighbour, advert, route, tracked, deliver, arrived, enter or entered
	Reason string // miss, tagged, group, discovery, expired, invalid or denied
}

// Denied says whether the flow that drops is one of a denial: it lasts DenySeconds
// at most, and its counters go with it. The others stay with the session.
func (d Drop) Denied() bool { return d.Reason == "denied" }

// DropsIn returns the requests for the flows that drop and count: those that
// every chassis has, and the denials of the moment. Their number does not grow
// with that of endpoints or routes.
func DropsIn() []*openflow.FlowRequest {
	of := func(k Kind) *openflow.FlowRequest {
		return &openflow.FlowRequest{
			TableID: openflow.TableAll, Cookie: uint64(NewCookie(k, 0, 0)), CookieMask: maskKind,
		}
	}
	return []*openflow.FlowRequest{of(KindChassis), of(KindDeny)}
}

// DropOf reads a flow that DropsIn asked for; ok is false when it drops nothing.
func DropOf(f *openflow.FlowStats) (d Drop, ok bool) {
	if len(Unmarked(f.Instructions)) > 0 {
		return d, false
	}
	d.Table, ok = tableNames[f.TableID]
	switch {
	case Cookie(f.Cookie).Kind() == KindDeny:
		d.Reason = "denied"
	case f.Priority == priorityMiss:
		d.Reason = "miss"
	case f.TableID == tableGuard && f.Priority == priorityDiscovery:
		d.Reason = "discovery"
	case f.TableID == tableClassify && f.Priority == priorityGroup:
		d.Reason = "group"
	case f.TableID == tableClassify && f.Priority == priorityTagged:
		d.Reason = "tagged"
	case f.Priority == priorityInvalid && (f.TableID == tableTracked || f.TableID == tableArrived || f.TableID == tableEntered):
		d.Reason = "invalid"
	case f.Priority == priorityExpired:
		d.Reason = "expired"
	default:
		ok = false
	}
	return d, ok
}
