// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"

	"github.com/linkspan/linkspan"
)

// partable says why a link could not disconnect: the two have a network in common
// whose packets no switch decides about. Of a link that names a network, what the
// container has elsewhere is not asked.
func (w *linkable) partable(l *linkspan.Link) error {
	for i := range w.endpoints {
		a := &w.endpoints[i]
		if !byKernel(a) || !l.A.Covers(a) {
			continue
		}
		for j := range w.endpoints {
			if b := &w.endpoints[j]; byKernel(b) && b.Network == a.Network && l.B.Covers(b) {
				return w.unparted(l, "network "+w.names.networks[a.Network]+" of driver "+string(a.Driver))
			}
		}
	}
	if l.A.Chassis != l.B.Chassis || l.A.Network != 0 || l.B.Network != 0 {
		return nil
	}
	if n := w.commonLocal(l); n != nil {
		return w.unparted(l, "network "+n.Name+" of driver "+n.Driver+" on "+w.names.chassis[n.Chassis])
	}
	return nil
}

// byKernel says whether an endpoint's packets to others of its network go through the
// kernel alone.
func byKernel(e *linkspan.Endpoint) bool { return e.Overlaid() || e.Driver == linkspan.Bridge }

// commonLocal returns a network of their host that both containers of a link are in,
// or nil.
func (w *linkable) commonLocal(l *linkspan.Link) *linkspan.LocalNetwork {
	on := l.A.Chassis
	for a := range w.base.LocalEndpoints(on) {
		n := w.base.LocalNetwork(on, a.Network)
		if a.Container != l.A.Container || n == nil || !localTraffic(n) {
			continue
		}
		for b := range w.base.LocalMembers(on, n.ID) {
			if b.Container == l.B.Container {
				return n
			}
		}
	}
	return nil
}

// localTraffic says whether the containers in a network of one host talk by it: not
// by the bridge over which Docker's other drivers lead out, which keeps them apart.
func localTraffic(n *linkspan.LocalNetwork) bool {
	return n.Driver != "host" && n.Driver != "null" && n.Name != "docker_gwbridge"
}

func (w *linkable) unparted(l *linkspan.Link, by string) error {
	return &linkspan.Error{
		Code: linkspan.Invalid,
		Message: fmt.Sprintf("%s and %s are both in %s, whose packets go through the kernel alone: there, nothing can keep them apart",
			w.text(l.A), w.text(l.B), by),
		Hint: "take one of them out of that network, or name the networks by which they are to be disconnected, as in linkspan disconnect a.web b.db",
	}
}
