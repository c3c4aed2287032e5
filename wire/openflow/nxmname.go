// SPDX-License-Identifier: Apache-2.0

package openflow

import "strings"

// nxmName returns the long name that ovs-actions(7) uses in move and load:
// the class as a prefix, the name of the field in upper case. Open vSwitch names
// a field by its Nicira class where it has one.
func (f Field) nxmName() string {
	name := f.String()
	for i := range registry {
		r := &registry[i]
		if r.name == name && r.field.Class() <= classNXM1 && r.field.Len() == f.Len() {
			f = r.field
			break
		}
	}
	return f.nxmPrefix() + strings.ToUpper(longName(name))
}

// nxmPrefix returns the prefix of the class.
func (f Field) nxmPrefix() string {
	switch f.Class() {
	case classNXM0:
		return "NXM_OF_"
	case classNXM1:
		return "NXM_NX_"
	case classERIC:
		return "ERICOXM_OF_"
	case classBasic, classPacketReg:
		return "OXM_OF_"
	case classExperimenter:
		return "ONFOXM_ET_"
	}
	return ""
}

// longName returns the field's name in move and load.
func longName(name string) string {
	switch name {
	case "nw_src", "nw_dst", "nw_proto", "nw_ttl", "nw_ecn", "nw_tos":
		return "ip" + strings.TrimPrefix(name, "nw")
	case "tun_src", "tun_dst":
		return "tun_ipv4" + strings.TrimPrefix(name, "tun")
	case "nd_reserved", "nd_options_type":
		return "icmpv6_" + name
	}
	if n, ok := strings.CutPrefix(name, "xreg"); ok {
		return "pkt_reg" + n
	}
	return name
}
