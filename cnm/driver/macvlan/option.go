// SPDX-License-Identifier: Apache-2.0

package macvlan

import (
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/option"
)

// The options of a network, beside option.MTU and option.Interface.
const (
	OptionParent = "parent"
	OptionMode   = "macvlan_mode"
)

// parentPrefix begins the names of parents of networks that have none given.
const parentPrefix = "lmp-"

// config is the options of a network.
type config struct {
	parent string
	alone  bool // no parent was given
	mode   netlink.MacvlanMode
	mtu    int // bytes; 0: the parent's
	prefix string
}

func read(n cnm.Network) (config, error) {
	r := option.Read("network", n.Options)
	modes := map[string]netlink.MacvlanMode{
		"bridge": netlink.MACVLAN_MODE_BRIDGE, "private": netlink.MACVLAN_MODE_PRIVATE,
		"vepa": netlink.MACVLAN_MODE_VEPA, "passthru": netlink.MACVLAN_MODE_PASSTHRU,
	}
	c := config{
		parent: r.Link(OptionParent, 15),
		mode:   modes[r.Text(OptionMode, "bridge", "bridge", "private", "vepa", "passthru")],
		mtu:    r.Int(option.MTU, 0, linkspan.MinMTU, linkspan.MaxMTU),
		prefix: r.Prefix(option.Interface, "eth"),
	}
	if c.parent == "" {
		c.parent, c.alone = kernel.Name(parentPrefix, n.ID), true
	}
	return c, r.Done()
}

// conflict refuses a parent that another network has: containers of both would
// reach each other.
func (d *Driver) conflict(n network) error {
	for _, other := range d.networks {
		if other.ID != n.ID && other.parent == n.parent {
			return &linkspan.Error{
				Code:    linkspan.Conflict,
				Message: fmt.Sprintf("network %.12s is already using parent interface %s", other.ID, n.parent),
				Hint:    "use that network, or an 802.1q link of it as parent, as in -o parent=" + n.parent + ".50",
			}
		}
	}
	return nil
}
