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

// peers are those of one network, and how many of them each host has.
type peers struct {
	all   map[Peer]struct{}
	hosts map[netip.Addr]int
}

func (p *peers) add(one Peer) {
	p.all[one] = struct{}{}
	p.hosts[one.Host]++
}

func (p *peers) remove(one Peer) {
	delete(p.all, one)
	if p.hosts[one.Host]--; p.hosts[one.Host] == 0 {
		delete(p.hosts, one.Host)
	}
}

// SetPeers tells the driver all endpoints of the network with the VNI that are
// on other hosts; those of this host may be among them. What differs from the
// last call is changed in the kernel. It may be repeated after an error.
func (d *Driver) SetPeers(_ context.Context, vni uint32, all []Peer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	want := make(map[Peer]struct{}, len(all))
	for _, p := range all {
		want[p] = struct{}{}
	}
	var gone []Peer
	if has := d.peers[vni]; has != nil {
		for p := range has.all {
			if _, stays := want[p]; !stays {
				gone = append(gone, p)
			}
		}
	}
	return d.changePeers(vni, all, gone)
}

// ChangePeers tells the driver what has changed since. It costs the size of that
// and the number of hosts. After an error SetPeers is to be called.
func (d *Driver) ChangePeers(_ context.Context, vni uint32, come, gone []Peer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changePeers(vni, come, gone)
}

// changePeers is done whole, or its error means that SetPeers is to do it again. The
// lock is held.
func (d *Driver) changePeers(vni uint32, come, gone []Peer) error {
	has := d.peersOf(vni)
	come = slices.DeleteFunc(slices.Clone(come), func(p Peer) bool {
		_, known := has.all[p]
		return known || p.Host == d.options.Local
	})
	gone = slices.DeleteFunc(slices.Clone(gone), func(p Peer) bool {
		_, known := has.all[p]
		return !known
	})
	d.note(vni, come, gone)
	if len(come)+len(gone) == 0 {
		return nil
	}
	// Packets may come in before others may go out, not the other way round.
	err := errors.Join(d.guard(), d.change(vni, gone, come))
	if err != nil {
		d.note(vni, gone, come)
		err = errors.Join(err, d.ask(vni))
	}
	return err
}

// ask reads back what the kernel has of a network after a change that failed.
func (d *Driver) ask(vni uint32) error {
	ns, err := d.open()
	if ns == nil || err != nil {
		return err
	}
	defer func() { _ = ns.Close() }()
	for _, n := range d.networks {
		if n.vni == vni {
			_, err := d.readBack(ns, n)
			return err
		}
	}
	return nil
}

func (d *Driver) peersOf(vni uint32) *peers {
	if d.peers[vni] == nil {
		d.peers[vni] = &peers{all: make(map[Peer]struct{}), hosts: make(map[netip.Addr]int)}
	}
	return d.peers[vni]
}

// note writes down who is known.
func (d *Driver) note(vni uint32, come, gone []Peer) {
	has := d.peersOf(vni)
	for _, p := range gone {
		has.remove(p)
	}
	for _, p := range come {
		has.add(p)
	}
	if len(has.all) == 0 {
		delete(d.peers, vni)
	}
}

// Peered returns the VNIs of which peers are known, sorted.
func (d *Driver) Peered() []uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.peers))
}

// Peers returns those of the network with the VNI, sorted by MAC.
func (d *Driver) Peers(vni uint32) []Peer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.peers[vni] == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(d.peers[vni].all), func(a, b Peer) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
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
		vxlan, err := ns.Netlink().LinkByName(d.wire(n).vxlan)
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
