// SPDX-License-Identifier: Apache-2.0

package fastpath_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
)

func TestDecide(t *testing.T) {
	tunnels := []string{"br-int/ovn-h2-0 (geneve)"}
	for name, c := range map[string]struct {
		wish    fastpath.Wish
		facts   fastpath.Facts
		path    fastpath.Path
		offload netns.Offload
		large   bool
		set     bool
		clear   bool
		says    string // somewhere in why, lack and hint
	}{
		"kernel": {
			fastpath.Auto, fastpath.Facts{Kernel: true}, fastpath.Kernel, netns.OffloadAll, true, false, false, "the kernel has openvswitch",
		},
		"kernel, whatever is wished": {
			fastpath.TSO, fastpath.Facts{Kernel: true, Tunnels: tunnels}, fastpath.Kernel, netns.OffloadAll, true, false, false, "",
		},
		"in force": {
			fastpath.Auto, fastpath.Facts{Configured: true, TSO: fastpath.On}, fastpath.Segments, netns.OffloadStream, true, false, false, "modprobe",
		},
		"in force, and not for the next start": {
			fastpath.Auto, fastpath.Facts{TSO: fastpath.On}, fastpath.Segments, netns.OffloadStream, true, false, false, "",
		},
		"in force beside tunnels that it breaks": {
			fastpath.Auto, fastpath.Facts{Configured: true, TSO: fastpath.On, Tunnels: tunnels}, fastpath.Segments, netns.OffloadStream, true, false, false,
			"br-int/ovn-h2-0 (geneve)",
		},
		"a fresh host": {
			fastpath.Auto, fastpath.Facts{TSO: fastpath.Off, Idle: true}, fastpath.Plain, netns.OffloadNone, false, true, false, "nothing uses Open vSwitch",
		},
		"set too late, and nobody minds": {
			fastpath.Auto, fastpath.Facts{Configured: true, TSO: fastpath.Off, Idle: true}, fastpath.Plain, netns.OffloadNone, false, true, false, "",
		},
		"a host in use": {
			fastpath.Auto, fastpath.Facts{TSO: fastpath.Off}, fastpath.Plain, netns.OffloadNone, false, false, false, "systemctl stop ovs-vswitchd",
		},
		"tunnels of others": {
			fastpath.Auto, fastpath.Facts{TSO: fastpath.Off, Tunnels: tunnels}, fastpath.Plain, netns.OffloadNone, false, false, false,
			"would break the tunnels of other bridges: br-int/ovn-h2-0 (geneve)",
		},
		"tunnels of others, told to": {
			fastpath.TSO, fastpath.Facts{TSO: fastpath.Off, Tunnels: tunnels}, fastpath.Plain, netns.OffloadNone, false, false, false, "systemctl stop",
		},
		"set while ovs-vswitchd ran": {
			fastpath.Auto, fastpath.Facts{Configured: true, TSO: fastpath.Off}, fastpath.Broken, netns.OffloadNone, false, false, false,
			"systemctl restart openvswitch-switch",
		},
		"cannot be told": {
			fastpath.Auto, fastpath.Facts{Configured: true, Idle: true}, fastpath.Plain, netns.OffloadNone, false, false, false, "CONFIG_PACKET_DIAG",
		},
		"not wished": {
			fastpath.None, fastpath.Facts{TSO: fastpath.Off, Idle: true}, fastpath.Plain, netns.OffloadNone, false, false, false, "--fast-path none says so",
		},
		"not wished, but in force": {
			fastpath.None, fastpath.Facts{Configured: true, TSO: fastpath.On}, fastpath.Plain, netns.OffloadNone, true, false, true,
			"ovs-vswitchd does userspace TSO until it is started anew",
		},
		"not wished, and set too late": {
			fastpath.None, fastpath.Facts{Configured: true, TSO: fastpath.Off}, fastpath.Broken, netns.OffloadNone, false, false, true, "restart",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := fastpath.Decide(c.wish, c.facts)
			if got.Path != c.path || got.Offload != c.offload || got.Large != c.large || got.Set != c.set || got.Clear != c.clear {
				t.Errorf("%+v", got)
			}
			if text := got.Why + "\n" + got.Lack + "\n" + got.Hint; !strings.Contains(text, c.says) {
				t.Errorf("it does not say %q: %s", c.says, text)
			}
			if got.Why == "" || (got.Lack == "") != (got.Hint == "") && got.Path != fastpath.Kernel {
				t.Errorf("something is not said: %+v", got)
			}
		})
	}
}

func TestFactsOfACensus(t *testing.T) {
	c := &ovs.Census{UserspaceTSO: true, Bridges: 1, Foreign: []ovs.ForeignPort{
		{Bridge: "br0", Name: "br0", Type: "internal"}, {Bridge: "br0", Name: "eth1"}, {Bridge: "br0", Name: "v1", Type: "vxlan"},
	}}
	f := fastpath.FactsOf(c, fastpath.On)
	if f.Idle || !f.Configured || f.TSO != fastpath.On || len(f.Tunnels) != 1 || f.Tunnels[0] != "br0/v1 (vxlan)" {
		t.Errorf("%+v", f)
	}
	if f := fastpath.FactsOf(&ovs.Census{Endpoints: 1}, fastpath.Off); f.Idle {
		t.Error("a bridge with an endpoint is in use")
	}
	if f := fastpath.FactsOf(&ovs.Census{}, fastpath.Off); !f.Idle {
		t.Error("an empty Open vSwitch is idle")
	}
}

func TestWish(t *testing.T) {
	for _, w := range []fastpath.Wish{fastpath.Auto, fastpath.TSO, fastpath.None} {
		if err := w.Validate(); err != nil {
			t.Error(err)
		}
	}
	if err := fastpath.Wish("fast").Validate(); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
}
