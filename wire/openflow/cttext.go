// SPDX-License-Identifier: Apache-2.0

package openflow

import (
	"fmt"
	"net/netip"
	"strings"
)

// String renders the action in the style of ovs-actions(7).
func (c CT) String() string {
	var parts []string
	if c.Flags&CTCommit != 0 {
		parts = append(parts, "commit")
	}
	if c.Flags&CTForce != 0 {
		parts = append(parts, "force")
	}
	if c.Table != NoTable {
		parts = append(parts, fmt.Sprintf("table=%d", c.Table))
	}
	if c.ZoneFrom.Bits != 0 {
		parts = append(parts, fmt.Sprintf("zone=%v", c.ZoneFrom))
	} else if c.Zone != 0 {
		parts = append(parts, fmt.Sprintf("zone=%d", c.Zone))
	}
	parts = append(parts, c.nestedText()...)
	if c.ALG != 0 {
		parts = append(parts, algText(c.ALG))
	}
	return "ct(" + strings.Join(parts, ",") + ")"
}

// nestedText renders nat and, together, what is executed on commit.
func (c CT) nestedText() (parts []string) {
	var exec []string
	for a := range c.Actions.All() {
		switch s, ok := a.Nicira(); {
		case ok && s == NXNAT:
			n, _ := a.NAT()
			parts = append(parts, n.String())
		case ok && s == NXCT: // refused by every switch; not followed
			exec = append(exec, a.unknownText())
		default:
			exec = append(exec, a.String())
		}
	}
	if len(exec) > 0 {
		parts = append(parts, "exec("+strings.Join(exec, ",")+")")
	}
	return parts
}

// algText names a helper by its port.
func algText(port uint16) string {
	switch port {
	case 21:
		return "alg=ftp"
	case 69:
		return "alg=tftp"
	}
	return fmt.Sprintf("alg=%d", port)
}

// String renders the action in the style of ovs-actions(7).
func (n NAT) String() string {
	var parts []string
	switch {
	case n.Flags&NATSrc != 0:
		parts = append(parts, "src"+n.rangeText())
	case n.Flags&NATDst != 0:
		parts = append(parts, "dst"+n.rangeText())
	default:
		return "nat"
	}
	for _, f := range [...]struct {
		flag NATFlags
		name string
	}{{NATPersistent, "persistent"}, {NATHash, "hash"}, {NATRandom, "random"}} {
		if n.Flags&f.flag != 0 {
			parts = append(parts, f.name)
		}
	}
	return "nat(" + strings.Join(parts, ",") + ")"
}

// rangeText renders =ADDR-ADDR:PORT-PORT, "" for no range.
func (n NAT) rangeText() string {
	if !n.AddrMin.IsValid() && n.PortMin == 0 {
		return ""
	}
	text := "="
	if n.AddrMin.IsValid() {
		text += natAddr(n.AddrMin, n.PortMin != 0)
		if n.AddrMax.IsValid() && n.AddrMax != n.AddrMin {
			text += "-" + natAddr(n.AddrMax, n.PortMin != 0)
		}
	}
	if n.PortMin != 0 {
		text += fmt.Sprintf(":%d", n.PortMin)
		if n.PortMax != 0 && n.PortMax != n.PortMin {
			text += fmt.Sprintf("-%d", n.PortMax)
		}
	}
	return text
}

// natAddr puts an IPv6 address before a port in brackets.
func natAddr(a netip.Addr, port bool) string {
	if a.Is6() && port {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// String renders the action in the style of ovs-actions(7).
func (c Controller) String() string {
	if c.ID == 0 && c.Reason == ReasonAction && c.MeterID == 0 && c.Userdata == nil {
		return fmt.Sprintf("CONTROLLER:%d", c.MaxLen)
	}
	var parts []string
	if c.Reason != ReasonAction {
		parts = append(parts, "reason="+c.Reason.String())
	}
	if c.MaxLen != MaxLenNoBuffer {
		parts = append(parts, fmt.Sprintf("max_len=%d", c.MaxLen))
	}
	if c.ID != 0 {
		parts = append(parts, fmt.Sprintf("id=%d", c.ID))
	}
	if c.Userdata != nil {
		parts = append(parts, "userdata="+dotted(c.Userdata))
	}
	if c.MeterID != 0 {
		parts = append(parts, fmt.Sprintf("meter_id=%d", c.MeterID))
	}
	return "controller(" + strings.Join(parts, ",") + ")"
}
