// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// wish is what a configuration says of who decides.
type wish struct {
	bridge  bool   // it has ports, or interfaces of VLANs
	mode    string // of the switch
	ports   []port
	vlans   []vlan // that something says something of, by id
	foreign []foreign
	lost    policy
}

// port is a port of br-switch as far as VLANs are concerned.
type port struct {
	name     string
	devices  []string // one; of a bond its members
	access   bool
	untagged uint16   // VLAN of frames without a tag; 0: they do not pass
	tagged   []uint16 // VLANs of frames with a tag; nil: all, unless it is an access port
	control  string   // what it says in hybrid control
	foreign  int      // number of the controller that has it, from 1; 0: none
	hosts    int      // behind it that may be known
}

// vlan is a VLAN.
type vlan struct {
	id        uint16
	network   string // of the fabric; empty: none
	control   string
	addresses []netip.Addr // of its interface
	foreign   int          // number of the controller that has it, from 1; 0: none
}

// foreign is a controller that is not the fabric's.
type foreign struct {
	name    string
	address netip.AddrPort
	tls     bool
}

// policy is what happens without a controller.
type policy struct {
	fallBack bool
	after    time.Duration
}

// newWish reads a configuration.
func newWish(t *tree.Tree) *wish {
	root := t.Root()
	w := &wish{mode: value(t, "control", "mode"), bridge: len(forward.Interfaces(t)) > 0}
	w.lost.fallBack = value(t, "control", "lost-controller", "policy") == "fall-back"
	w.lost.after, _ = time.ParseDuration(value(t, "control", "lost-controller", "after")) // checked by the schema
	for n := range root.Child("ports").Entries() {
		if n.Get("enabled") != "false" {
			w.ports = append(w.ports, newPort(n))
		}
	}
	for n := range root.Child("vlans").Entries() {
		w.vlans = append(w.vlans, newVLAN(n))
	}
	for n := range root.Child("control").Child("foreign").Entries() {
		w.controller(n)
	}
	return w
}

// needsBridge says whether anything is configured for which br-switch must be there.
func (w *wish) needsBridge() bool { return w.bridge }

func value(t *tree.Tree, path ...string) string {
	v, _ := t.Get(path...) // in the schema, with a default
	return v
}

func newPort(n tree.Node) port {
	p := port{name: n.Key()[0], devices: n.Child("bond").Child("member").Values(), control: n.Get("control")}
	if len(p.devices) == 0 {
		p.devices = []string{p.name}
	}
	switch n.Get("mode") {
	case "access":
		p.access, p.untagged = true, number(n.Get("vlan"))
	case "native-untagged", "native-tagged":
		p.untagged = number(n.Get("native-vlan"))
	}
	p.tagged = schema.VLANs(n.Get("allowed-vlans"))
	p.hosts = MaxStations
	if p.access {
		p.hosts = accessHosts
	}
	if most, err := strconv.Atoi(n.Get("max-hosts")); err == nil { // else there is none
		p.hosts = most
	}
	return p
}

// accessHosts is how many hosts may be known behind an access port of which nothing else is said.
const accessHosts = 16

// number reads a VLAN's id; where none is said it is 1.
func number(id string) uint16 {
	n, err := strconv.ParseUint(id, 10, 16)
	if err != nil {
		return 1
	}
	return uint16(n)
}

func newVLAN(n tree.Node) vlan {
	v := vlan{id: number(n.Key()[0]), network: n.Get("network"), control: n.Get("control")}
	for _, text := range n.Child("interface").Child("address").Values() {
		if p, err := netip.ParsePrefix(text); err == nil {
			v.addresses = append(v.addresses, p.Addr())
		}
	}
	return v
}

// controller adds a foreign controller and gives it its ports and VLANs.
func (w *wish) controller(n tree.Node) {
	address, _ := netip.ParseAddr(n.Get("address")) // checked by the schema
	port, _ := strconv.ParseUint(n.Get("port"), 10, 16)
	w.foreign = append(w.foreign, foreign{n.Key()[0], netip.AddrPortFrom(address, uint16(port)), n.Get("tls") == "true"})
	its := len(w.foreign)
	for i := range w.ports {
		if slices.Contains(n.Child("ports").Values(), w.ports[i].name) {
			w.ports[i].foreign = its
		}
	}
	for _, id := range schema.VLANs(n.Get("vlans")) {
		i := slices.IndexFunc(w.vlans, func(v vlan) bool { return v.id == id })
		if i < 0 {
			i = len(w.vlans)
			w.vlans = append(w.vlans, vlan{id: id})
		}
		w.vlans[i].foreign = its
	}
}

// carries says whether frames of a VLAN pass the port, and with a tag.
func (p *port) carries(id uint16) (passes, tagged bool) {
	switch {
	case p.untagged == id && (p.access || p.tagged == nil || slices.Contains(p.tagged, id)):
		return true, false
	case p.access:
		return false, false
	}
	return p.tagged == nil || slices.Contains(p.tagged, id), true
}

// at returns who decides about frames of a VLAN on a port: of port and VLAN what the
// port says.
func (w *wish) at(p *port, v *vlan) dispatch.Mode {
	switch {
	case p.foreign != 0 || v.foreign != 0:
		return dispatch.Foreign
	case w.mode == "sdn":
		return dispatch.SDN
	case w.mode != "hybrid":
		return dispatch.Traditional
	}
	said := p.control
	if said == "" {
		said = v.control
	}
	if said == "sdn" {
		return dispatch.SDN
	}
	return dispatch.Traditional
}

// sdn says whether the controller decides about a VLAN on any port.
func (w *wish) sdn(v *vlan) bool {
	return slices.ContainsFunc(w.ports, func(p port) bool {
		passes, _ := p.carries(v.id)
		return passes && w.at(&p, v) == dispatch.SDN
	})
}

// wantsController says whether anything is to be the controller's.
func (w *wish) wantsController() bool {
	return slices.ContainsFunc(w.vlans, func(v vlan) bool { return w.sdn(&v) })
}

// vlan returns a VLAN, nil if nothing says anything of it.
func (w *wish) vlan(id uint16) *vlan {
	for i := range w.vlans {
		if w.vlans[i].id == id {
			return &w.vlans[i]
		}
	}
	return nil
}

// unnamed returns the VLANs that the controller should decide about, and of which nothing
// says which network of the fabric they are.
func (w *wish) unnamed() (list []uint16) {
	for i := range w.ports {
		p := &w.ports[i]
		if id := p.untagged; id != 0 && w.vlan(id) == nil && w.at(p, &vlan{id: id}) == dispatch.SDN && !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	for i := range w.vlans {
		if v := &w.vlans[i]; v.network == "" && w.sdn(v) {
			list = append(list, v.id)
		}
	}
	slices.Sort(list)
	return list
}

// of returns the port that a device is, or is a member of.
func (w *wish) of(device string) *port {
	for i := range w.ports {
		if slices.Contains(w.ports[i].devices, device) {
			return &w.ports[i]
		}
	}
	return nil
}

// ownInterface returns the name of the interface of a VLAN.
func ownInterface(id uint16) string { return forward.VLANInterface(strconv.Itoa(int(id))) }
