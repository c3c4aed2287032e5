// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab/process"
)

const nicName = "eth0"

// cable is a node's connection to the underlay.
type cable struct {
	port string // its name on the fabric's side
	addr netip.Prefix
}

// plug lays a cable between the fabric and the node and gives the node its
// address. The MAC address follows from the IP address, so that the others'
// neighbour entries stay true when the node is booted again.
func plug(fabric, node process.Identity, c cable) error {
	hub, err := openSpace(fabric)
	if err != nil {
		return err
	}
	defer hub.close()
	own, err := openSpace(node)
	if err != nil {
		return err
	}
	defer own.close()
	if err := lay(hub, own, c); err != nil {
		return fmt.Errorf("plug %s into the underlay: %w", c.port, err)
	}
	if err := configure(own, c.addr); err != nil {
		return fmt.Errorf("configure %s of %s: %w", nicName, c.port, err)
	}
	return nil
}

func lay(hub, own *space, c cable) error {
	bridge, err := hub.LinkByName(bridgeName)
	if err != nil {
		return err
	}
	// The kernel takes a dead node's end away in its own time; do it now.
	if stale, err := hub.LinkByName(c.port); err == nil {
		if err := hub.LinkDel(stale); err != nil && !errors.Is(err, unix.ENODEV) {
			return err
		}
	}
	veth := &netlink.Veth{
		LinkAttrs:        netlink.LinkAttrs{Name: c.port, MTU: underlayMTU, MasterIndex: bridge.Attrs().Index},
		PeerName:         nicName,
		PeerHardwareAddr: hardwareAddr(c.addr.Addr()),
		PeerMTU:          underlayMTU,
		PeerNamespace:    netlink.NsFd(own.ns),
	}
	if err := hub.LinkAdd(veth); err != nil {
		return err
	}
	return hub.LinkSetUp(veth)
}

func configure(own *space, addr netip.Prefix) error {
	lo, err := own.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := own.LinkSetUp(lo); err != nil {
		return err
	}
	nic, err := own.LinkByName(nicName)
	if err != nil {
		return err
	}
	ip := &net.IPNet{IP: addr.Addr().AsSlice(), Mask: net.CIDRMask(addr.Bits(), addr.Addr().BitLen())}
	if err := own.AddrAdd(nic, &netlink.Addr{IPNet: ip}); err != nil {
		return err
	}
	return own.LinkSetUp(nic)
}

// hardwareAddr returns a locally administered address (IEEE 802) that holds the
// IPv4 address.
func hardwareAddr(addr netip.Addr) net.HardwareAddr {
	ip := addr.As4()
	return net.HardwareAddr{0x02, 0x4c, ip[0], ip[1], ip[2], ip[3]}
}

// Unplug pulls the node's cable: it loses its carrier and hears nobody, until
// Plug or until it is booted again.
func (l *Lab) Unplug(node string) error {
	return l.port(node, (*netlink.Handle).LinkSetDown)
}

// Plug puts the cable back.
func (l *Lab) Plug(node string) error {
	return l.port(node, (*netlink.Handle).LinkSetUp)
}

// port changes the fabric's end of the node's cable.
func (l *Lab) port(node string, change func(*netlink.Handle, netlink.Link) error) error {
	if err := l.known(node); err != nil {
		return err
	}
	hub, err := openSpace(readInit(l.node(fabricNode)))
	if err != nil {
		return err
	}
	defer hub.close()
	port, err := hub.LinkByName(node)
	if err != nil {
		return fmt.Errorf("cable of %s: %w", node, err)
	}
	if err := change(hub.Handle, port); err != nil {
		return fmt.Errorf("cable of %s: %w", node, err)
	}
	return nil
}
