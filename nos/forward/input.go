// SPDX-License-Identifier: Apache-2.0

package forward

import "github.com/linkspan/linkspan/nos/tree"

// input returns the meter for all that is taken from a port, nil if there is no limit. The
// members of a bond have one. (Open vSwitch's own ingress_policing_rate does nothing on its
// userspace datapath, which reads frames before the kernel would drop them.)
func (p *port) input() *Meter {
	if p.rate == 0 {
		return nil
	}
	return &Meter{ID: meterID(p.slot, Input), Rate: p.rate, Most: p.most, Kind: Input, Port: p.name, Path: p.path("qos", "input-rate")}
}

// thousands returns a leaf that is a rate in thousands of bits, 0 of none.
func thousands(n tree.Node, leaf string) uint32 {
	value := n.Child(leaf)
	if !value.There() {
		return 0
	}
	return uint32(value.Def().Type.Number(value.Value()) / 1000)
}
