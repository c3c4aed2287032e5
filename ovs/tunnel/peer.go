// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// SetPeers makes the peers exactly these: it reads what the kernel has and
// changes only the difference. Traffic of peers that stay is not touched.
func (t *Tunnel) SetPeers(ctx context.Context, peers []Peer) error {
	want := make(map[linkspan.MAC]netip.Addr, len(peers))
	for _, p := range peers {
		p.Underlay = p.Underlay.Unmap()
		if err := t.cfg.checkPeer(p); err != nil {
			return err
		}
		want[p.MAC] = p.Underlay
	}
	peers = listed(want)
	t.mu.Lock()
	defer t.mu.Unlock()
	have, err := entries(ctx, t.index)
	if err != nil {
		return err
	}
	t.peers = have
	if err := alignSources(t.cfg, peers); err != nil {
		return err
	}
	for mac := range have {
		if _, stays := want[mac]; !stays {
			err = errors.Join(err, t.forget(mac))
		}
	}
	for mac, addr := range want {
		if have[mac] != addr {
			err = errors.Join(err, t.point(mac, addr))
		}
	}
	return err
}

// AddPeer adds one peer, or moves it to another address, at the cost of that
// change alone. The source is admitted before anything is sent to it. Errors:
// Invalid.
func (t *Tunnel) AddPeer(ctx context.Context, p Peer) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.Underlay = p.Underlay.Unmap()
	if err := t.cfg.checkPeer(p); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old, had := t.peers[p.MAC]
	if had && old == p.Underlay {
		return nil
	}
	if err := admit(p); err != nil {
		return err
	}
	if err := t.point(p.MAC, p.Underlay); err != nil || !had {
		return err
	}
	return ban(Peer{p.MAC, old})
}

// RemovePeer removes one peer; one that is not there is fine.
func (t *Tunnel) RemovePeer(ctx context.Context, mac linkspan.MAC) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	old, had := t.peers[mac]
	if !had {
		return nil
	}
	if err := t.forget(mac); err != nil {
		return err
	}
	return ban(Peer{mac, old})
}

// Peers reads the peers back from the kernel, by MAC address.
func (t *Tunnel) Peers(ctx context.Context) ([]Peer, error) {
	have, err := entries(ctx, t.index)
	if err != nil {
		return nil, err
	}
	return listed(have), nil
}

// listed returns the peers of a map by MAC address.
func listed(addrs map[linkspan.MAC]netip.Addr) []Peer {
	peers := make([]Peer, 0, len(addrs))
	for mac, addr := range addrs {
		peers = append(peers, Peer{mac, addr})
	}
	slices.SortFunc(peers, func(a, b Peer) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
	return peers
}

// point writes the forwarding entry; NUD_PERMANENT, or the kernel refuses it.
func (t *Tunnel) point(mac linkspan.MAC, addr netip.Addr) error {
	if err := netlink.NeighSet(t.entry(mac, addr)); err != nil {
		return fmt.Errorf("forward %s to %s on %s: %w", mac, addr, t.cfg.Device, err)
	}
	t.peers[mac] = addr
	return nil
}

func (t *Tunnel) forget(mac linkspan.MAC) error {
	err := netlink.NeighDel(t.entry(mac, t.peers[mac]))
	if err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("forget %s on %s: %w", mac, t.cfg.Device, err)
	}
	delete(t.peers, mac)
	return nil
}

func (t *Tunnel) entry(mac linkspan.MAC, addr netip.Addr) *netlink.Neigh {
	return &netlink.Neigh{LinkIndex: t.index, Family: unix.AF_BRIDGE, Flags: netlink.NTF_SELF,
		State: netlink.NUD_PERMANENT, HardwareAddr: net.HardwareAddr(mac[:]), IP: addr.AsSlice()}
}

// entries reads the forwarding entries of a device.
func entries(ctx context.Context, index int) (map[linkspan.MAC]netip.Addr, error) {
	list, err := netns.Dump(ctx, func() ([]netlink.Neigh, error) { return netlink.NeighList(index, unix.AF_BRIDGE) })
	if err != nil {
		return nil, fmt.Errorf("list forwarding entries: %w", err)
	}
	found := make(map[linkspan.MAC]netip.Addr, len(list))
	for _, n := range list {
		addr := address(n.IP)
		if len(n.HardwareAddr) == 6 && addr.IsValid() {
			found[linkspan.MAC(n.HardwareAddr)] = addr
		}
	}
	return found, nil
}
