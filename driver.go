// SPDX-License-Identifier: Apache-2.0

package linkspan

// Driver says what carries a network's packets.
type Driver string

// The drivers of networks of the fabric.
const (
	Hotplug Driver = "hotplug" // routes, plugged as endpoints talk; what a network has that names none
	Overlay Driver = "overlay" // one layer 2 by the kernel's VXLAN; the network's number is its VNI
	Bridge  Driver = "bridge"  // a Linux bridge of one chassis, from which routes lead to other networks; never asked for
)

// Is says whether d is that driver; nothing is Hotplug.
func (d Driver) Is(that Driver) bool { return d.Name() == that }

// Name returns the driver's name; that of nothing is Hotplug's.
func (d Driver) Name() Driver {
	if d == "" {
		return Hotplug
	}
	return d
}

// Routed says whether packets of such networks go by routes, to other networks too.
func (d Driver) Routed() bool { return d.Is(Hotplug) || d.Is(Bridge) }

// Validate says whether there is such a driver.
func (d Driver) Validate() error {
	if d.Is(Hotplug) || d.Is(Overlay) || d.Is(Bridge) {
		return nil
	}
	return &Error{
		Code: Invalid, Message: "driver " + quote(string(d)) + " does not exist",
		Hint: "choose hotplug or overlay",
	}
}

// validateDriver refuses what a driver's networks cannot have: an overlay's
// packets are not routed, so that there is no route to idle or to choose a way.
func (n *Network) validateDriver() error {
	if err := n.Driver.Validate(); err != nil || n.Driver.Is(Hotplug) {
		return err
	}
	switch {
	case n.Driver.Is(Bridge):
		return n.validateBridged()
	case n.Transport != "" && n.Transport != Auto:
		return invalid("transport %s is not for a network of driver %s", n.Transport, n.Driver)
	case n.Idle != DefaultIdle:
		return invalid("an idle time is not for a network of driver %s, which has no routes", n.Driver)
	}
	return nil
}
