// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Wish is what the administrator asks for.
type Wish string

// The wishes.
const (
	Auto Wish = "auto" // the best that harms nobody
	TSO  Wish = "tso"  // userspace TSO, also beside tunnels of other bridges
	None Wish = "none" // no userspace TSO
)

// Validate refuses other wishes. Errors: Invalid.
func (w Wish) Validate() error {
	switch w {
	case Auto, TSO, None:
		return nil
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: "fast path " + string(w) + " does not exist", Hint: "choose auto, tso or none"}
}

// Path is a way through Open vSwitch.
type Path string

// The ways, best first.
const (
	Kernel    Path = "kernel datapath"
	Segments  Path = "userspace datapath with TSO"
	Plain     Path = "userspace datapath without TSO"
	Broken    Path = "none: userspace TSO was set while ovs-vswitchd ran"
	nearlyTen      = "about ten times as fast"
)

// Choice is what was chosen.
type Choice struct {
	Path    Path
	Offload netns.Offload // of containers
	Large   bool          // the datapath takes packets larger than a frame
	Set     bool          // set userspace TSO now, and make the bridge anew
	Clear   bool          // take it out of the database, for the next start
	Why     string
	Lack    string // what the host lacks for better; empty: nothing
	Hint    string // what a person can do about it
}

// The commands that change the setting without a moment in which ovs-vswitchd
// has seen it and its ports have not.
const (
	hintOn = "systemctl stop ovs-vswitchd; ovs-vsctl --no-wait set Open_vSwitch . other_config:userspace-tso-enable=true; " +
		"systemctl start openvswitch-switch"
	hintAnew = "systemctl restart openvswitch-switch"
)

// Decide chooses.
func Decide(w Wish, f Facts) Choice {
	switch {
	case f.Kernel:
		return Choice{Path: Kernel, Offload: netns.OffloadAll, Large: true, Why: "the kernel has openvswitch"}
	case w == None:
		return none(f)
	case f.TSO == On:
		return segments(f)
	case w == Auto && len(f.Tunnels) > 0:
		return plain(f, "userspace TSO, "+nearlyTen+", would break the tunnels of other bridges: "+strings.Join(f.Tunnels, ", "),
			"linkspan serve switch --fast-path tso takes it all the same")
	case f.TSO == Unknown:
		return plain(f, "whether userspace TSO is in force cannot be told", "is the kernel's packet_diag (CONFIG_PACKET_DIAG) there?")
	case f.Idle:
		c := plain(f, "", "")
		c.Set, c.Lack = true, "userspace TSO is "+nearlyTen+", and as nothing uses Open vSwitch it can be set"
		c.Hint = "linkspan serve switch sets it when it starts"
		return c
	case f.Configured && f.TSO == Off:
		return broken(f)
	default:
		return plain(f, "userspace TSO is "+nearlyTen+", and cannot be set while ovs-vswitchd has ports", hintOn)
	}
}

func segments(f Facts) Choice {
	c := Choice{Path: Segments, Offload: netns.OffloadStream, Large: true, Why: "the kernel has no openvswitch, and userspace TSO is in force"}
	c.Lack, c.Hint = "the kernel module openvswitch has a shorter way", "modprobe openvswitch, where the kernel has it"
	if len(f.Tunnels) > 0 {
		c.Lack = "it breaks the tunnels of other bridges: " + strings.Join(f.Tunnels, ", ")
		c.Hint = "linkspan serve switch --fast-path none, then " + hintAnew
	}
	return c
}

func plain(f Facts, lack, hint string) Choice {
	return Choice{Path: Plain, Why: "the kernel has no openvswitch, and userspace TSO is not in force", Lack: lack, Hint: hint, Large: f.TSO == On}
}

// none keeps containers' offloads off, which works with userspace TSO too.
func none(f Facts) Choice {
	if f.Configured && f.TSO == Off {
		c := broken(f)
		c.Clear = true
		return c
	}
	c := plain(f, "userspace TSO is "+nearlyTen, "linkspan serve switch --fast-path auto")
	c.Why, c.Clear = "--fast-path none says so", f.Configured
	if f.TSO == On {
		c.Why += "; ovs-vswitchd does userspace TSO until it is started anew, and containers do without"
	}
	return c
}

// broken is what ovs-vswitchd cannot get out of by itself.
func broken(Facts) Choice {
	return Choice{
		Path: Broken, Why: "userspace TSO is set in the database, and the ports were opened without",
		Lack: "no packet gets through", Hint: hintAnew,
	}
}
