// SPDX-License-Identifier: Apache-2.0

package link

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/linkspan/linkspan/nos/tree"
)

// VLANPrefix is how the devices of VLANs' interfaces are called, before the VLAN's number.
const VLANPrefix = "vlan"

// VLANDevice returns the name of the device of a VLAN's interface.
func VLANDevice(id string) string { return VLANPrefix + id }

// device is what a configuration says of one device. The zero value: nothing.
type device struct {
	name      string
	path      []string // in the configuration
	up        bool
	mtu       int            // 0: it says nothing
	addresses []netip.Prefix // sorted
	port      bool           // of the bridge: the host's stack keeps quiet on it
	vlan      bool           // the bridge makes it, and all its addresses are ours
}

func (d device) said() bool { return d.name != "" }

func (d device) has(a netip.Prefix) bool { return slices.Contains(d.addresses, a) }

// same says that two configurations say the same of a device, wherever they do.
func (d device) same(other device) bool {
	return d.name == other.name && d.up == other.up && d.mtu == other.mtu && d.port == other.port && d.vlan == other.vlan && slices.Equal(d.addresses, other.addresses)
}

// touched returns the names of the devices of which two configurations may not say the
// same, sorted. The old one may be nil.
func touched(old, new *tree.Tree) []string {
	names := map[string]bool{}
	was, is := root(old), new.Root()
	tree.DiffChildren(was.Child("interfaces"), is.Child("interfaces"), func(a, b tree.Node) { names[key(a, b)] = true })
	tree.DiffChildren(was.Child("vlans"), is.Child("vlans"), func(a, b tree.Node) {
		if !a.Child("interface").Same(b.Child("interface")) {
			names[VLANDevice(key(a, b))] = true
		}
	})
	tree.DiffChildren(was.Child("ports"), is.Child("ports"), func(a, b tree.Node) {
		for _, n := range slices.Concat(devices(a), devices(b)) {
			names[n] = true
		}
	})
	if m, n := management(was), management(is); !m.Same(n) {
		names[m.Get("interface")], names[n.Get("interface")] = true, true
	}
	delete(names, "")
	return sortedKeys(names)
}

// root returns the root of a configuration, which may be nil.
func root(t *tree.Tree) tree.Node {
	if t == nil {
		return tree.Node{}
	}
	return t.Root()
}

func management(root tree.Node) tree.Node { return root.Child("system").Child("management") }

// key returns the key of an entry that came, went or changed.
func key(a, b tree.Node) string {
	if b.There() {
		return b.Key()[0]
	}
	return a.Key()[0]
}

// devices returns the devices of a port: itself, or the members of a bond.
func devices(port tree.Node) []string {
	if !port.There() {
		return nil
	}
	if members := port.Child("bond").Child("member").Values(); len(members) > 0 {
		return members
	}
	return port.Key()
}

// says is what a configuration says of devices; ports are by their devices.
type says struct {
	root  tree.Node
	ports map[string]tree.Node
}

func newSays(t *tree.Tree) says {
	s := says{root(t), map[string]tree.Node{}}
	for port := range s.root.Child("ports").Entries() {
		for _, name := range devices(port) {
			s.ports[name] = port
		}
	}
	return s
}

// of returns what is said of a device.
func (s says) of(name string) device {
	if port, ok := s.ports[name]; ok {
		d := settings(port, name, append([]string{"ports"}, port.Key()...))
		d.port = true
		return d
	}
	if entry := s.root.Child("interfaces").Entry(name); entry.There() {
		d := settings(entry, name, []string{"interfaces", name})
		if m := management(s.root); m.Get("interface") == name {
			d.add(m.Child("address").Values())
		}
		return d
	}
	return s.vlan(name)
}

// vlan returns what is said of the device of a VLAN's interface.
func (s says) vlan(name string) device {
	id, ok := vlanOf(name)
	entry := s.root.Child("vlans").Entry(id).Child("interface")
	if !ok || !entry.Child("address").There() {
		return device{}
	}
	d := settings(entry, name, []string{"vlans", id, "interface"})
	d.vlan = true
	return d
}

// vlanOf returns the VLAN whose interface's device has the name.
func vlanOf(name string) (string, bool) {
	if len(name) <= len(VLANPrefix) || name[:len(VLANPrefix)] != VLANPrefix {
		return "", false
	}
	id := name[len(VLANPrefix):]
	n, err := strconv.Atoi(id)
	return id, err == nil && n > 0 && n < 4095 && strconv.Itoa(n) == id
}

// settings reads what interfaces, ports and interfaces of VLANs have in common.
func settings(n tree.Node, name string, path []string) device {
	d := device{name: name, path: path, up: n.Get("enabled") != "false"}
	d.mtu, _ = strconv.Atoi(n.Get("mtu")) // none is 0
	d.add(n.Child("address").Values())
	return d
}

func (d *device) add(addresses []string) {
	for _, text := range addresses {
		if a, err := netip.ParsePrefix(text); err == nil { // the schema has seen to it
			d.addresses = append(d.addresses, a)
		}
	}
	slices.SortFunc(d.addresses, netip.Prefix.Compare)
}

// all returns the names of all devices of which something is said, sorted.
func (s says) all() []string {
	names := map[string]bool{}
	for name := range s.ports {
		names[name] = true
	}
	for e := range s.root.Child("interfaces").Entries() {
		names[e.Key()[0]] = true
	}
	for e := range s.root.Child("vlans").Entries() {
		if e.Child("interface").Child("address").There() {
			names[VLANDevice(e.Key()[0])] = true
		}
	}
	return sortedKeys(names)
}
