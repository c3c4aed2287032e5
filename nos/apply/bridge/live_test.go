// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// everything is all that the bridge can be told.
const everything = `set vlans 10 interface address 192.0.2.1/24
set vlans 10 interface mtu 1400
set vlans 20 description guests
set ports eth1 vlan 10
set ports eth1 isolated true
set ports eth1 qos policy voice
set ports eth1 spanning-tree cost 2000
set ports eth1 spanning-tree priority 64
set ports eth1 spanning-tree edge yes
set ports eth2 mode trunk
set ports eth2 allowed-vlans 10,20-22
set ports eth3 mode native-tagged
set ports eth3 native-vlan 20
set ports eth3 spanning-tree enabled false
set ports lag bond member eth4
set ports lag bond member eth5
set ports lag bond mode balance-tcp
set ports lag bond lacp active
set ports lag bond lacp-time fast
set ports lag bond up-delay 2s
set ports eth9 mode trunk
set mirrors analyser from-port eth1
set mirrors analyser to-port eth2
set mirrors analyser vlans 10
set mirrors analyser output-port eth9
set mirrors analyser truncate 128
set qos voice rate 100M
set qos voice queues 1 guaranteed 10M
set qos voice queues 1 limit 50M
set qos voice queues 1 priority 1
set switching mac-aging 2m
set switching mac-limit 100
set switching multicast-snooping true
set spanning-tree enabled true
set spanning-tree priority 4096
set spanning-tree forward-delay 11s
set flow-export sflow collectors 192.0.2.60
set flow-export sflow sampling 10
set flow-export netflow collectors 192.0.2.61 port 9999
set flow-export netflow engine-id 0
set flow-export ipfix collectors 2001:db8::60
set flow-export ipfix domain 7
`

// cell is a column of a row as ovs-vsctl tells it.
type cell struct{ table, row, column, value string }

// translated returns what everything is in Open vSwitch.
func translated() []cell {
	return []cell{
		{"bridge", Name, "fail_mode", "secure"},
		{"bridge", Name, "protocols", "[OpenFlow13]"},
		{"bridge", Name, "rstp_enable", "true"},
		{"bridge", Name, "mcast_snooping_enable", "true"},
		{"bridge", Name, "other_config:mac-aging-time", `"120"`},
		{"bridge", Name, "other_config:mac-table-size", `"100"`},
		{"bridge", Name, "other_config:rstp-priority", `"4096"`},
		{"bridge", Name, "other_config:rstp-forward-delay", `"11"`},
		{"port", "vlan10", "tag", "10"},
		{"interface", "vlan10", "mtu", "1400"},
		{"interface", "vlan10", "type", "internal"},
		{"port", "eth1", "tag", "10"},
		{"port", "eth1", "vlan_mode", "access"},
		{"port", "eth1", "protected", "true"},
		{"port", "eth1", "other_config", `{rstp-path-cost="2000", rstp-port-admin-edge="true", rstp-port-priority="64"}`},
		{"port", "eth2", "vlan_mode", "trunk"},
		{"port", "eth2", "tag", "[]"},
		{"port", "eth2", "trunks", "[10, 20, 21, 22]"},
		{"port", "eth3", "vlan_mode", "native-tagged"},
		{"port", "eth3", "tag", "20"},
		{"port", "eth3", "other_config:rstp-enable", `"false"`},
		{"port", "lag", "bond_mode", "balance-tcp"},
		{"port", "lag", "lacp", "active"},
		{"port", "lag", "bond_updelay", "2000"},
		{"port", "lag", "other_config:lacp-time", "fast"},
		{"mirror", "analyser", "select_vlan", "[10]"},
		{"mirror", "analyser", "snaplen", "128"},
		{"sflow", Name, "targets", `["192.0.2.60:6343"]`},
		{"sflow", Name, "sampling", "10"},
		{"netflow", Name, "targets", `["192.0.2.61:9999"]`},
		{"netflow", Name, "engine_id", "0"},
		{"netflow", Name, "active_timeout", "600"},
		{"ipfix", Name, "targets", `["[2001:db8::60]:4739"]`},
		{"ipfix", Name, "obs_domain_id", "7"},
	}
}

// All that the bridge can be told, read by another program.
func TestRows(t *testing.T) {
	h := start(t)
	devices(t, "eth1", "eth2", "eth3", "eth4", "eth5", "eth9")
	h.commit(everything)
	for _, want := range append(
		translated(),
		cell{"mirror", "analyser", "output_port", h.get("port", "eth9", "_uuid")},
		cell{"mirror", "analyser", "select_src_port", "[" + h.get("port", "eth1", "_uuid") + "]"},
		cell{"mirror", "analyser", "select_dst_port", "[" + h.get("port", "eth2", "_uuid") + "]"},
	) {
		if have := h.get(want.table, want.row, want.column); have != want.value {
			t.Errorf("%s %s %s is %s, want %s", want.table, want.row, want.column, have, want.value)
		}
	}
	shaped := h.Run("ovs-appctl", "-t", "ovs-vswitchd", "qos/show", "eth1")
	for _, want := range []string{"linux-htb", "max-rate: 100000000", "Queue 1:", "min-rate: 10000000", "max-rate: 50000000", "priority: 1"} {
		if !strings.Contains(shaped, want) {
			t.Errorf("qos of eth1 lacks %q: %s", want, shaped)
		}
	}
	if diff := cmp.Diff([]config.Drift(nil), h.drift()); diff != "" {
		t.Error("drift:", diff)
	}
	h.commit("delete flow-export\ndelete mirrors\ndelete ports eth1 qos\ndelete qos\ndelete ports\ndelete vlans")
	if left := h.Vsctl("list-br") + h.Vsctl("list", "qos") + h.Vsctl("list", "queue") + h.Vsctl("list", "mirror") + h.Vsctl("list", "ipfix"); left != "" {
		t.Error("left over:", left)
	}
}

// What cannot be is refused, by name, before anything is changed.
func TestRefused(t *testing.T) {
	h := start(t)
	devices(t, "eth1", "eth2", "vlan30")
	h.Vsctl("add-br", "br-other", "--", "add-port", "br-other", "eth2")
	for commands, want := range map[string]string{
		"set ports br-switch description x":                                           "ports br-switch: br-switch is the bridge itself",
		"set ports eth8 description x":                                                "ports eth8: there is no device eth8",
		"set ports eth2 description x":                                                "ports eth2: another bridge has it",
		"set vlans 30 interface address 192.0.2.1/24":                                 "vlans 30 interface: there is a device vlan30 already, which is not of the bridge",
		"set vlans 40 interface address 192.0.2.1/24\nset ports vlan40 description x": "its name is taken by",
		"set ports eth1 description x\nset mirrors m all true":                        "mirrors m: it has neither an output-port nor an output-vlan",
		"set ports lag bond member eth1\nset ports lag bond member eth2":              "ports lag: eth2: another bridge has it",
	} {
		var problem *tree.Problem
		if err := h.try(commands); !errors.As(err, &problem) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", commands, err, want)
		}
	}
	if have := h.Vsctl("list-br"); have != "br-other" {
		t.Error("bridges:", have)
	}
}

// A device that goes between the check and the commit: what ovs-vswitchd says of it undoes
// all.
func TestUndone(t *testing.T) {
	h := start(t)
	devices(t, "eth1")
	h.commit("set ports eth1 vlan 10\nset vlans 10 description x")
	h.part.Device = func(string) error { return nil }
	err := h.try("set ports eth1 vlan 20\nset vlans 20 description y\nset ports eth7 vlan 20\nset qos q rate 1M\nset ports eth1 qos policy q")
	if err == nil || !strings.Contains(err.Error(), "ports eth7") {
		t.Fatal("error is", err)
	}
	if tag, ports, qos := h.get("port", "eth1", "tag"), h.Vsctl("list-ports", Name), h.Vsctl("list", "qos"); tag != "10" || ports != "eth1" || qos != "" {
		t.Errorf("tag %s, ports %s, qos %s", tag, ports, qos)
	}
	if err := h.m.Fault(); err != nil {
		t.Error("fault:", err)
	}
}

// An ovs-vswitchd that hangs realises nothing: the database has what it had.
func TestNotRealised(t *testing.T) {
	h := start(t)
	devices(t, "eth1")
	h.commit("set ports eth1 vlan 10\nset vlans 10 description x\nset vlans 20 description y")
	whole := h.part.Patience
	h.part.Patience = 500 * time.Millisecond
	h.Pause(ovstest.Daemon)
	err := h.try("set ports eth1 vlan 20")
	h.Resume(ovstest.Daemon)
	h.part.Patience = whole
	if linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Fatal("error is", err)
	}
	if tag := h.get("port", "eth1", "tag"); tag != "10" {
		t.Error("tag is", tag)
	}
	if err := h.m.Fault(); err != nil {
		t.Error("fault:", err)
	}
}
