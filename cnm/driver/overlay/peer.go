// SPDX-License-Identifier: Apache-2.0

package overlay

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

// SetPeers tells the driver all endpoints of the network with the VNI that are
// on other hosts; those of this host may be among them. What differs from the
// last call is changed in the kernel. The slice is not kept.
func (d *Driver) SetPeers(_ context.Context, vni uint32, peers []Peer) error {
	peers = slices.DeleteFunc(slices.Clone(peers), func(p Peer) bool { return p.Host == d.options.Local })
	slices.SortFunc(peers, func(a, b Peer) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
	d.mu.Lock()
	defer d.mu.Unlock()
	was := d.peers[vni]
	if slices.Equal(was, peers) {
		return nil
	}
	d.setPeers(vni, peers)
	// Packets may come in before others may go out, not the other way round.
	err := errors.Join(d.guard(), d.change(vni, without(was, peers), without(peers, was)))
	if err != nil {
		d.setPeers(vni, was) // so that the same call does it all again
	}
	return err
}

func (d *Driver) setPeers(vni uint32, peers []Peer) {
	if len(peers) == 0 {
		delete(d.peers, vni)
	} else {
		d.peers[vni] = peers
	}
}

// Peered returns the VNIs of which peers are known, sorted.
func (d *Driver) Peered() []uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.peers))
}

// Peers returns those of the network with the VNI as they were last set.
func (d *Driver) Peers(vni uint32) []Peer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.peers[vni])
}

// without returns what is in a and not in b.
func without(a, b []Peer) []Peer {
	in := make(map[Peer]struct{}, len(b))
	for _, p := range b {
		in[p] = struct{}{}
	}
	return slices.DeleteFunc(slices.Clone(a), func(p Peer) bool {
		_, found := in[p]
		return found
	})
}

// change tells the kernel, if the network has its links.
func (d *Driver) change(vni uint32, gone, come []Peer) error {
	ns, err := d.open()
	if ns == nil || err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	for _, n := range d.networks {
		if n.vni != vni {
			continue
		}
		vxlan, err := ns.Netlink().LinkByName(kernel.Name(vxlanPrefix, n.ID))
		if kernel.Missing(err) {
			continue // no endpoint is here yet
		}
		if err != nil {
			return err
		}
		var errs []error
		for _, p := range gone {
			errs = append(errs, untell(ns.Netlink(), vxlan, p))
		}
		for _, p := range come {
			errs = append(errs, tell(ns.Netlink(), vxlan, p))
		}
		return errors.Join(errs...)
	}
	return nil
}

// tell writes whose the addresses are, behind which port of the bridge the MAC
// is, and at which host.
func tell(h *netlink.Handle, vxlan netlink.Link, p Peer) error {
	for _, entry := range entries(vxlan, p) {
		if err := h.NeighSet(entry); err != nil {
			return fmt.Errorf("tell %s of peer %s at %s: %w", vxlan.Attrs().Name, p.Address, p.Host, err)
		}
	}
	return nil
}

func untell(h *netlink.Handle, vxlan netlink.Link, p Peer) error {
	for _, entry := range entries(vxlan, p) {
		if err := h.NeighDel(entry); err != nil && !errors.Is(err, unix.ENOENT) {
			return fmt.Errorf("take peer %s at %s from %s: %w", p.Address, p.Host, vxlan.Attrs().Name, err)
		}
	}
	return nil
}

func entries(vxlan netlink.Link, p Peer) []*netlink.Neigh {
	index := vxlan.Attrs().Index
	all := []*netlink.Neigh{
		behind(vxlan, p.MAC),
	}
	if p.Host.IsValid() { // it is not where a crash left only the other entries
		all = append(all, &netlink.Neigh{LinkIndex: index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_SELF, State: netlink.NUD_PERMANENT, HardwareAddr: p.MAC[:], IP: p.Host.AsSlice()})
	}
	for _, a := range []netip.Addr{p.Address, p.Address6} {
		if a.IsValid() {
			all = append(all, &netlink.Neigh{LinkIndex: index, State: netlink.NUD_PERMANENT, HardwareAddr: p.MAC[:], IP: a.AsSlice()})
		}
	}
	return all
}
