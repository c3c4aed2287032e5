// SPDX-License-Identifier: Apache-2.0

package control

import (
	"log/slog"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/control/view"
)

// Config says what a Hub works with.
type Config struct {
	// Session is the configuration of every session; its Log is the Hub's.
	Session session.Config
	// Generation returns the generation for a new session: the store's
	// revision at which this controller became the owner. nil: always 1.
	Generation func() uint64
	// Peers makes tunnels ready; nil: all always are.
	Peers Peers
	// Decide decides about packets; nil: as decide.Decide does. It must be pure but for the
	// View: what else it reads must change only together with a record of it.
	Decide func(v *view.View, p *decide.Packet, d *decide.Decision)
	// Judge says whether what a flow stands for would be decided so in a View; nil:
	// by the same decisions as those about packets. Whether the flow's form is still right is not its affair.
	Judge func(v *view.View, s *pipeline.Standing) Judgement
	// Event gets what somebody may ask about later; nil: nobody. It must not
	// wait, nor call the Hub.
	Event func(linkspan.Event)
	// Log must not be nil.
	Log *slog.Logger
}

// Judgement is what becomes of a flow after a change of what may talk to what.
type Judgement uint8

// The judgements.
const (
	Stands  Judgement = iota // it would be plugged again, or a wider one
	Turns                    // what it lets through is tracked now, or is not any more: the flow for that takes its place
	Narrows                  // a part of what it lets through is still allowed: it goes, its connections stay known
	Falls                    // nothing of it is allowed: it goes, and its connections are forgotten
)

// Peers sees to it that chassis which share a network, or are asked about, can reach
// each other through the tunnel.
type Peers interface {
	// Update tells of each new View and of what changed. It is called in order
	// and must not wait. It comes before the View is decided on, so that Await is
	// never asked about chassis that Update has not told of.
	Update(v *view.View, d *view.Delta)
	// Await says whether two chassis are ready to send to each other, and has them
	// made so, also when they share no network. When they are not, it returns false
	// and calls done once, later, when they are; never when that cannot be. forget is
	// for whoever waits no more; a done that has begun is not held up. Neither may
	// wait for anything.
	Await(a, b linkspan.ChassisID, done func()) (ready bool, forget func())
}

// alwaysReady is for those who have no Peers.
type alwaysReady struct{}

var _ Peers = alwaysReady{}

func (alwaysReady) Update(*view.View, *view.Delta) {}

func (alwaysReady) Await(_, _ linkspan.ChassisID, _ func()) (bool, func()) {
	return true, nil
}

// Peer is who is at the other end of a connection.
type Peer struct {
	// Chassis is what the peer's certificate says. 0 believes the datapath id:
	// for connections that nobody else can make, to measure.
	Chassis linkspan.ChassisID
	Remote  string // where it comes from, for people
}
