// SPDX-License-Identifier: Apache-2.0

package fabric

import (
	"context"
	"maps"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
)

// placeLimit bounds how long an endpoint that joins waits for the others of its
// network to be known here.
const placeLimit = 3 * time.Second

// OverlayTo returns what a driver of overlay networks tells of its endpoints. It
// takes a function, as the Fabric in turn is made of the driver.
func OverlayTo(fabric func() *Fabric) overlay.Fabric { return overlayTo(fabric) }

type overlayTo func() *Fabric

// Attach stores the endpoint and waits until this host knows the others of the
// network, so that the container can speak from its beginning. When that takes
// too long it goes without.
func (to overlayTo) Attach(ctx context.Context, vni uint32, e cnm.Endpoint) error {
	f := to()
	stored := Overlaid(linkspan.NetworkID(vni), e)
	if err := f.Attach(ctx, stored); err != nil {
		return err
	}
	f.awaitPlaced(ctx, stored)
	return nil
}

// Detach does nothing: the others hear of it when the address is released.
func (overlayTo) Detach(context.Context, uint32, cnm.Endpoint) error { return nil }

// Overlaid returns the record of an endpoint in an overlay network.
func Overlaid(network linkspan.NetworkID, e cnm.Endpoint) linkspan.Endpoint {
	return linkspan.Endpoint{
		Network: network, Address: e.Address.Addr(), ID: e.ID, MAC: e.MAC, Driver: linkspan.Overlay,
		Container: e.Container, Labels: e.Labels, Aliases: e.Aliases, Created: e.Created,
		Limits: e.Limits,
	}
}

// notePlaced writes down which endpoints of this host are in place, and so all
// that the controller told of before them.
func (f *Fabric) notePlaced(id linkspan.NetworkID, p placement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p.whole {
		maps.DeleteFunc(f.placed, func(k key, _ linkspan.MAC) bool { return k.network == id })
	}
	for _, one := range p.gone {
		delete(f.placed, key{id, one.Address.String()})
	}
	for _, one := range p.come {
		if one.Host == f.cfg.Underlay.Unmap() {
			f.placed[key{id, one.Address.String()}] = one.MAC
		}
	}
	close(f.placing)
	f.placing = make(chan struct{})
}

// awaitPlaced waits until an endpoint of this host, and with it all others, is in
// place.
func (f *Fabric) awaitPlaced(ctx context.Context, e linkspan.Endpoint) {
	limit := time.NewTimer(placeLimit)
	defer limit.Stop()
	for {
		f.mu.Lock()
		there, changed := f.placed[keyOf(&e)] == e.MAC, f.placing
		f.mu.Unlock()
		if there {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			f.cfg.Log.Warn("an endpoint of an overlay begins before the others are known here", "network", e.Network, "address", e.Address)
			return
		case <-changed:
		}
	}
}
