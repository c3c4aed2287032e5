// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"bytes"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// find returns the device, or nil when there is none.
func (c Config) find() (*netlink.Vxlan, error) {
	link, err := netlink.LinkByName(c.Device)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", c.Device, err)
	}
	dev, ok := link.(*netlink.Vxlan)
	if !ok {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Hint: "rename or delete that link",
			Message: fmt.Sprintf("the link %s is a %s and not our vxlan device", c.Device, link.Type())}
	}
	return dev, nil
}

// ensureDevice returns the index of a device that is up and as c says.
func (c Config) ensureDevice(old *netlink.Vxlan) (int, error) {
	if old != nil && !c.same(old) {
		if err := netlink.LinkDel(old); err != nil {
			return 0, fmt.Errorf("replace %s: %w", c.Device, err)
		}
		old = nil
	}
	if old == nil {
		if err := netlink.LinkAdd(c.link()); err != nil {
			return 0, fmt.Errorf("create vxlan device %s: %w", c.Device, err)
		}
		made, err := c.find()
		if err != nil || made == nil {
			return 0, errors.Join(err, fmt.Errorf("vxlan device %s went as soon as it came", c.Device))
		}
		old = made
	}
	return old.Index, c.tune(old)
}

// same compares what cannot be changed while the device exists.
func (c Config) same(old *netlink.Vxlan) bool {
	return old.VxlanId == int(c.VNI) && old.Port == int(c.Port) && address(old.SrcAddr) == c.Local &&
		!old.Learning && !old.FlowBased && len(old.Group) == 0
}

func (c Config) link() *netlink.Vxlan {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU, attrs.HardwareAddr = c.Device, c.MTU, net.HardwareAddr(c.MAC[:])
	return &netlink.Vxlan{LinkAttrs: attrs, VxlanId: int(c.VNI), Port: int(c.Port), SrcAddr: c.Local.AsSlice()}
}

func (c Config) tune(dev *netlink.Vxlan) error {
	var faults []error
	if dev.MTU != c.MTU {
		faults = append(faults, netlink.LinkSetMTU(dev, c.MTU))
	}
	if !bytes.Equal(dev.HardwareAddr, c.MAC[:]) {
		faults = append(faults, netlink.LinkSetHardwareAddr(dev, net.HardwareAddr(c.MAC[:])))
	}
	faults = append(faults, netns.Silence(c.Device), netlink.LinkSetUp(dev))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("set up %s: %w", c.Device, err)
	}
	return nil
}
