// SPDX-License-Identifier: Apache-2.0

package control

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Accept runs the OpenFlow session of a switch over conn until it ends, and
// returns why; it closes conn. A switch whose datapath id is not that of its
// chassis is refused with code Permission. A chassis that connects again
// replaces its earlier session. When very many connect at once, they begin a
// few at a time.
func (h *Hub) Accept(ctx context.Context, conn io.ReadWriteCloser, peer Peer) error {
	begun := h.turns.wait(ctx)
	defer begun()
	d, err := h.greet(ctx, conn, peer)
	if err != nil {
		return err
	}
	return d.run(ctx, begun)
}

// greet makes the handshake. It returns before the session runs, as there is one
// for each switch, and what a goroutine that waits has on its stack counts.
func (h *Hub) greet(ctx context.Context, conn io.ReadWriteCloser, peer Peer) (*datapath, error) {
	cfg := h.cfg.Session
	cfg.Generation = h.cfg.Generation()
	d := &datapath{
		hub: h, number: h.accepted.Add(1), since: time.Now(), remote: peer.Remote, unchecked: peer.Chassis == 0,
		session: session.New(conn, cfg),
	}
	err := d.session.Handshake(ctx, func(f openflow.FeaturesReply) (err error) {
		d.id, err = h.identify(peer, linkspan.DPID(f.DatapathID))
		return err
	})
	if err != nil {
		if linkspan.CodeOf(err) == linkspan.Permission {
			h.event(linkspan.SessionRefused, peer.Chassis, err.Error())
		}
		return nil, err
	}
	h.starting.Store(d.id, d)
	return d, nil
}

// identify returns the chassis of a datapath id, if the peer may speak for it.
func (h *Hub) identify(peer Peer, dpid linkspan.DPID) (linkspan.ChassisID, error) {
	id := peer.Chassis
	if id == 0 {
		id = linkspan.ChassisID(dpid)
		if h.View().Chassis(id) == nil {
			return 0, refused(fmt.Sprintf("no chassis has datapath id %s", dpid))
		}
	}
	if id.DPID() != dpid {
		return 0, refused(fmt.Sprintf("datapath id %s does not belong to the connected chassis, whose id is %s", dpid, id.DPID()))
	}
	return id, nil
}

func refused(message string) error {
	return &linkspan.Error{
		Code: linkspan.Permission, Message: message,
		Hint: "each bridge must have the datapath id of the chassis that its certificate names",
	}
}

// run brings the switch in line with the View and serves it; it calls begun when
// the first is done, or is not to be.
func (d *datapath) run(ctx context.Context, begun func()) error {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer begun()
		if err := d.reconcile(ctx); err != nil {
			d.session.Fail(err)
		}
	}()
	err := d.session.Run(ctx, d)
	cancel()
	<-done
	d.errands.end()
	d.hub.leave(d)
	d.abandon()
	if d.ready.Swap(false) {
		d.hub.event(linkspan.SwitchLost, d.id, err.Error())
	}
	return err
}

// abandon drops the packets that wait for a plug.
func (d *datapath) abandon() {
	d.plugs.mu.Lock()
	var left []*plug
	for _, g := range d.plugs.by {
		left = append(left, g)
	}
	d.plugs.mu.Unlock()
	for _, g := range left {
		g.close()
	}
}
