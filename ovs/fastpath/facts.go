// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"fmt"

	"github.com/linkspan/linkspan/ovs"
)

// State is what can be known of userspace TSO.
type State uint8

// The states.
const (
	Unknown State = iota // no port of the userspace datapath tells
	Off                  // the ports take no packet larger than a frame
	On                   // they take and give segments with unfinished checksums
)

// Facts is what the choice depends on.
type Facts struct {
	Kernel     bool     // the kernel has Open vSwitch's datapath
	Configured bool     // userspace TSO is set in the database
	TSO        State    // whether it is in force
	Idle       bool     // no bridge but ours, and no endpoint on ours
	Tunnels    []string // ports of other bridges that it breaks, as bridge/port (type)
}

// FactsOf returns the facts of a census and what [Probe] found.
func FactsOf(c *ovs.Census, tso State) Facts {
	f := Facts{Kernel: c.Kernel, Configured: c.UserspaceTSO, TSO: tso}
	f.Idle = c.Bridges == 0 && c.Endpoints == 0
	for _, p := range c.Foreign {
		if tunnel(p.Type) {
			f.Tunnels = append(f.Tunnels, fmt.Sprintf("%s/%s (%s)", p.Bridge, p.Name, p.Type))
		}
	}
	return f
}

// tunnel says whether an interface type encapsulates in ovs-vswitchd
// (ovs-vswitchd.conf.db(5), Interface: type).
func tunnel(kind string) bool {
	switch kind {
	case "geneve", "vxlan", "gre", "ip6gre", "erspan", "ip6erspan", "lisp", "stt", "gtpu", "bareudp", "srv6":
		return true
	}
	return false
}
