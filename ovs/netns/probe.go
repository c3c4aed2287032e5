// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Kinds says which kinds of link the kernel can make.
type Kinds struct {
	VXLAN, Geneve, WireGuard, Macvlan bool
}

// ProbeKinds tries each kind in a namespace of its own, which loads the module
// if there is one and leaves nothing behind. It needs CAP_SYS_ADMIN.
func ProbeKinds() (Kinds, error) {
	var k Kinds
	err := Scratch(func() error {
		attrs := func(name string) netlink.LinkAttrs {
			a := netlink.NewLinkAttrs()
			a.Name = name
			return a
		}
		can := func(l netlink.Link) bool { return netlink.LinkAdd(l) == nil }
		k.VXLAN = can(&netlink.Vxlan{LinkAttrs: attrs("v"), FlowBased: true, Port: 4789})
		k.Geneve = can(&netlink.Geneve{LinkAttrs: attrs("g"), FlowBased: true})
		k.WireGuard = can(&netlink.GenericLink{LinkAttrs: attrs("w"), LinkType: "wireguard"})
		k.Macvlan = canMacvlan(attrs)
		return nil
	})
	return k, err
}

// Scratch runs fn in a new network namespace, which has a loopback that is down
// and is gone with what fn made there. fn must not start goroutines that count on
// the namespace. It needs CAP_SYS_ADMIN.
func Scratch(fn func() error) error {
	return onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("new network namespace: %w", err)
		}
		return fn()
	})
}

func canMacvlan(attrs func(string) netlink.LinkAttrs) bool {
	parent := netlink.NewVeth(attrs("p0"))
	parent.PeerName = "p1"
	if netlink.LinkAdd(parent) != nil {
		return false
	}
	link, err := netlink.LinkByName("p0")
	if err != nil {
		return false
	}
	a := attrs("m")
	a.ParentIndex = link.Attrs().Index
	return netlink.LinkAdd(&netlink.Macvlan{LinkAttrs: a, Mode: netlink.MACVLAN_MODE_PRIVATE}) == nil
}
