// SPDX-License-Identifier: Apache-2.0

package lldp

import (
	"maps"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/wire/packet"
)

// settings are what a configuration says about LLDP.
type settings struct {
	interval time.Duration
	ttl      uint16 // seconds
	name     string
	router   bool
	managed  []netip.Addr
	devices  map[string]device
}

// device is one that LLDP is spoken or heard on.
type device struct {
	port        string // of /ports: its own name, or that of a bond
	description string
	tell        bool
	vlan        uint16 // of frames without a tag; 0 where they do not pass
}

func newSettings(t *tree.Tree) settings {
	root := t.Root()
	s := settings{devices: make(map[string]device), name: value(t, "system", "hostname")}
	if value(t, "lldp", "enabled") == "false" {
		return s
	}
	s.interval, _ = time.ParseDuration(value(t, "lldp", "interval"))
	hold, _ := strconv.ParseUint(value(t, "lldp", "hold"), 10, 8)
	s.ttl = uint16(min(uint64(s.interval/time.Second)*hold+1, math.MaxUint16)) // IEEE 802.1AB-2016, 9.2.5.22
	for _, a := range root.Child("system").Child("management").Child("address").Values() {
		if p, err := netip.ParsePrefix(a); err == nil {
			s.managed = append(s.managed, p.Addr())
		}
	}
	for v := range root.Child("vlans").Entries() {
		s.router = s.router || v.Child("interface").Child("address").There()
	}
	for p := range root.Child("ports").Entries() {
		s.port(p)
	}
	return s
}

func (s *settings) port(p tree.Node) {
	mode := p.Get("lldp")
	if mode == "off" || p.Get("enabled") == "false" {
		return
	}
	d := device{port: p.Key()[0], description: p.Get("description"), tell: mode == "both", vlan: untagged(p)}
	names := p.Child("bond").Child("member").Values()
	if len(names) == 0 {
		names = p.Key()
	}
	for _, name := range names {
		s.devices[name] = d
	}
}

func untagged(p tree.Node) uint16 {
	leaf := "native-vlan"
	switch p.Get("mode") {
	case "access":
		leaf = "vlan"
	case "trunk":
		return 0
	}
	id, err := strconv.ParseUint(p.Get(leaf), 10, 16)
	if err != nil {
		return 1 // where none is said
	}
	return uint16(id)
}

// value returns a leaf of the schema, or its default.
func value(t *tree.Tree, path ...string) string {
	v, _ := t.Get(path...) // it is in the schema
	return v
}

func (s *settings) equal(o *settings) bool {
	return s.interval == o.interval && s.ttl == o.ttl && s.name == o.name && s.router == o.router &&
		slices.Equal(s.managed, o.managed) && maps.Equal(s.devices, o.devices)
}

// frame returns what is told on a device; a time of 0 says that no more is.
func (s *settings) frame(name string, d device, chassis, port packet.MAC, description string, ttl uint16) []byte {
	l := packet.LLDP{
		ChassisKind: packet.LLDPChassisMAC, Chassis: chassis[:], PortKind: packet.LLDPPortName, Port: []byte(name), TTL: ttl,
		PortDescription: d.description, SystemName: s.name, SystemDescription: description,
		Capabilities: packet.LLDPBridge | packet.LLDPRouter, Enabled: packet.LLDPBridge, Management: s.managed, VLAN: d.vlan,
	}
	if l.PortDescription == "" {
		l.PortDescription = name
	}
	if s.router {
		l.Enabled |= packet.LLDPRouter
	}
	return packet.AppendLLDP(nil, port, &l)
}
