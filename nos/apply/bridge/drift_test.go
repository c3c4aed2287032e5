// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// What others changed is told and left alone, until it is asked for.
func TestDrift(t *testing.T) {
	h := start(t)
	devices(t, "eth1", "eth2", "eth3", "eth4")
	h.commit(`set vlans 10 description a
set vlans 20 interface address 192.0.2.1/24
set ports eth1 vlan 10
set ports eth2 mode native-tagged
set ports eth2 native-vlan 20
set ports eth3 description x
set mirrors m all true
set mirrors m output-port eth3
set qos q rate 1M`)
	h.Vsctl("set", "port", "eth1", "tag=11", "other_config:bond-hash-basis=3", "--", "set", "port", "eth2", "tag=21", "trunks=1,2,3,7")
	h.Vsctl("del-port", Name, "vlan20", "--", "add-port", Name, "eth4", "--", "clear", "bridge", Name, "mirrors")
	h.Vsctl("set", "bridge", Name, "rstp_enable=true", "fail_mode=standalone", "other_config:mac-aging-time=77")
	h.Vsctl("--all", "destroy", "qos")
	want := []config.Drift{
		{Path: []string{"switching"}, Want: "fail_mode secure", Have: "fail_mode standalone"},
		{Path: []string{"spanning-tree", "enabled"}, Have: "true"},
		{Path: []string{"switching"}, Have: "mac-aging-time=77"},
		{Path: []string{"mirrors"}, Want: "m"},
		{Path: []string{"ports", "eth1", "vlan"}, Want: "10", Have: "11"},
		{Path: []string{"ports", "eth1"}, Have: "bond-hash-basis=3"},
		{Path: []string{"ports", "eth2", "native-vlan"}, Want: "20", Have: "21"},
		{Path: []string{"ports", "eth2", "allowed-vlans"}, Have: "1-3,7"},
		{Path: []string{"ports", "eth4"}, Have: "port eth4 of br-switch"},
		{Path: []string{"vlans", "20", "interface"}, Want: "port vlan20 of br-switch"},
		{Path: []string{"mirrors", "m"}, Want: "mirror m"},
		{Path: []string{"qos", "q"}, Want: "queues q"},
	}
	if diff := cmp.Diff(want, h.drift()); diff != "" {
		t.Error("drift:", diff)
	}
	h.commit("set ports eth3 vlan 10") // does not touch what is beside it
	if tag := h.get("port", "eth1", "tag"); tag != "11" {
		t.Error("tag of eth1 is", tag)
	}
	if err := h.m.Reapply(limited(t, time.Minute)); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]config.Drift(nil), h.drift()); diff != "" {
		t.Error("drift afterwards:", diff)
	}
}

// Patch ports are others', who keep them as they like.
func TestPatchPortsAreLeftAlone(t *testing.T) {
	h := start(t)
	devices(t, "eth1")
	h.commit("set ports eth1 description x")
	h.Vsctl("add-br", "br-other", "--", "add-port", "br-other", "p0", "--", "set", "interface", "p0", "type=patch", "options:peer=p1",
		"--", "add-port", Name, "p1", "--", "set", "interface", "p1", "type=patch", "options:peer=p0")
	if diff := cmp.Diff([]config.Drift(nil), h.drift()); diff != "" {
		t.Error("drift:", diff)
	}
	if err := h.m.Reapply(limited(t, time.Minute)); err != nil {
		t.Error(err)
	}
	if ports := h.Vsctl("list-ports", Name); ports != "eth1\np1" {
		t.Error("ports:", ports)
	}
	if err := h.try("set ports p1 description x"); err == nil || !strings.Contains(err.Error(), "it joins the bridge to another one") {
		t.Error("error is", err)
	}
}

// A switch boots without Open vSwitch, without a device, and has both when they come.
func TestBoot(t *testing.T) {
	h := start(t)
	devices(t, "eth1", "eth2")
	dir := t.TempDir()
	h.m = h.open(dir)
	h.commit("set ports eth1 vlan 10\nset vlans 10 interface address 192.0.2.1/24\nset ports eth2 description x")
	address := h.get("interface", "vlan10", "mac_in_use")
	ovstest.IP(t, "link", "del", "eth2")
	h.Kill(ovstest.Daemon)
	h.Kill(ovstest.Database)

	h.part.Wait = 300 * time.Millisecond
	h.m = h.open(dir)
	if err := h.m.Boot(limited(t, time.Minute)); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Fatal("boot without Open vSwitch:", err)
	}
	if err := h.try("set ports eth1 vlan 20\nset vlans 20 description x"); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Fatal("commit without Open vSwitch:", err)
	}
	if err := h.try("set system hostname edge1"); err != nil {
		t.Fatal("commit of what needs no Open vSwitch:", err)
	}
	h.Restart(ovstest.Database)
	h.Restart(ovstest.Daemon)
	h.Vsctl("del-br", Name) // as on a new disk
	h.part.Wait = 30 * time.Second
	if err := h.part.Await(limited(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	err := h.m.Reapply(limited(t, time.Minute))
	if err == nil || !strings.Contains(err.Error(), "ports eth2: could not open network device eth2") {
		t.Error("boot without a device:", err)
	}
	if tag, now := h.get("port", "eth1", "tag"), h.get("interface", "vlan10", "mac_in_use"); tag != "10" || now == address { // the database kept it
		t.Errorf("tag %s, address %s after %s", tag, now, address)
	}
	devices(t, "eth2")
	ovstest.Eventually(t, "the device is a port", func() bool { return h.get("interface", "eth2", "ofport") != "-1" })
	if err := h.m.Reapply(limited(t, time.Minute)); err != nil {
		t.Error(err)
	}
	h.Kill(ovstest.Daemon)
	h.Restart(ovstest.Daemon)
	if diff := cmp.Diff([]config.Drift(nil), h.drift()); diff != "" {
		t.Error("drift after a restart:", diff)
	}
}
