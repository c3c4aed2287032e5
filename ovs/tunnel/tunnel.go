// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
)

// Tunnel is the device with its peers. Its methods may be called concurrently.
type Tunnel struct {
	cfg   Config
	index int

	mu    sync.Mutex
	peers map[linkspan.MAC]netip.Addr // what the kernel was last seen or told to have
}

// Ensure makes the filter, then the device, or brings both to cfg, and reads
// back the peers it has. A device that cannot be changed in place is replaced,
// with its peers; the bridge finds the new one by its name. Errors: Invalid,
// NotFound (no link has the underlay address), Conflict (another kind of link
// has the name).
func Ensure(ctx context.Context, cfg Config) (*Tunnel, error) {
	cfg = cfg.Default()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.fit(ctx); err != nil {
		return nil, err
	}
	old, err := cfg.find()
	if err != nil {
		return nil, err
	}
	kept := make(map[linkspan.MAC]netip.Addr)
	if old != nil {
		if kept, err = entries(ctx, old.Index); err != nil {
			return nil, err
		}
	}
	peers := cfg.usable(kept)
	if err := ensureFilter(cfg, peers); err != nil {
		return nil, err
	}
	t := &Tunnel{cfg: cfg}
	if t.index, err = cfg.ensureDevice(old); err != nil {
		return nil, err
	}
	return t, t.SetPeers(ctx, peers)
}

// fit computes the MTU, or checks that the one given fits the underlay.
func (c *Config) fit(ctx context.Context) error {
	under, err := UnderlayMTU(ctx, c.Local)
	if err != nil {
		return err
	}
	most := under - Overhead(c.Local)
	if c.MTU == 0 {
		c.MTU = most
	}
	if c.MTU < 68 || c.MTU > most {
		return invalid("an MTU of %d does not fit an underlay of %d, which leaves %d", c.MTU, under, most)
	}
	return nil
}

// usable drops entries of a device that had another family or place.
func (c Config) usable(kept map[linkspan.MAC]netip.Addr) []Peer {
	return slices.DeleteFunc(listed(kept), func(p Peer) bool { return c.checkPeer(p) != nil })
}

// Device returns the name of the link.
func (t *Tunnel) Device() string { return t.cfg.Device }

// MTU returns the largest inner IP packet in bytes; containers whose traffic
// may take the tunnel get it.
func (t *Tunnel) MTU() int { return t.cfg.MTU }

// Dropped returns how many packets to the tunnel's port the filter has dropped
// since it was made: those that no peer sent, or one in another's name, and
// those that others on this host would have sent to a peer.
func (t *Tunnel) Dropped(ctx context.Context) (uint64, error) { return dropped(ctx) }

// Remove deletes the device, its entries and the filter; what is gone already
// is fine. t must not be used afterwards.
func (t *Tunnel) Remove(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	old, err := t.cfg.find()
	if err == nil && old != nil {
		err = netlink.LinkDel(old)
	}
	if err != nil {
		err = fmt.Errorf("remove %s: %w", t.cfg.Device, err)
	}
	return errors.Join(err, removeFilter())
}
