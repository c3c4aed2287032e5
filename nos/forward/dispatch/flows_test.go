// SPDX-License-Identifier: Apache-2.0

package dispatch_test

import (
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
)

var update = flag.Bool("update", false, "rewrite testdata")

// office is a VLAN of which hosts are at ports 1 and 2, and the switch's interface at 9.
func office(m dispatch.Mode) dispatch.VLAN {
	return dispatch.VLAN{
		ID: 10, Mode: m, Subnet: netip.MustParsePrefix("10.7.0.0/24"),
		Interface: dispatch.Interface{Port: 9, MAC: linkspan.MAC{2, 9}, Addresses: []netip.Addr{netip.MustParseAddr("10.7.0.254")}},
	}
}

func station(last byte, port uint32) dispatch.Station {
	return dispatch.Station{
		VLAN: 10, Address: netip.AddrFrom4([4]byte{10, 7, 0, last}), MAC: linkspan.MAC{2, 0, 10, 7, 0, last}, Port: port, Patch: 100 + port,
	}
}

// office6 is office with addresses of IPv6.
func office6(m dispatch.Mode) dispatch.VLAN {
	v := office(m)
	v.Subnet6 = netip.MustParsePrefix("fd07::/64")
	v.Interface.Addresses = append(v.Interface.Addresses, netip.MustParseAddr("fd07::254"))
	v.Bearers = []netip.Addr{netip.MustParseAddr("fd07::20")}
	return v
}

// stories are states with the flows that they have; rewritten with -update and read as a diff.
func stories() map[string]*dispatch.State {
	trunk := station(3, 3)
	trunk.Tagged = true
	shadow := station(2, 1)
	shadow.Shadow = true
	mixed := office(dispatch.Traditional)
	mixed.Ports = map[uint32]dispatch.Mode{1: dispatch.SDN}
	contained := office(dispatch.Traditional)
	contained.Bearers = []netip.Addr{netip.MustParseAddr("10.7.0.20"), netip.MustParseAddr("10.7.0.21")}
	shadow6, trunk6 := shadow, trunk
	shadow6.Address6, trunk6.Address6 = netip.MustParseAddr("fd07::2"), netip.MustParseAddr("fd07::3")
	unplugged := station(3, 2)
	unplugged.Patch = 0
	return map[string]*dispatch.State{
		"nothing":     {},
		"traditional": {VLANs: []dispatch.VLAN{office(dispatch.Traditional)}, Stations: []dispatch.Station{station(2, 1), trunk}},
		"shadow":      {VLANs: []dispatch.VLAN{office(dispatch.Traditional)}, Stations: []dispatch.Station{shadow, trunk}},
		"sdn":         {VLANs: []dispatch.VLAN{office(dispatch.SDN)}, Stations: []dispatch.Station{station(2, 1), trunk}},
		"one-port":    {VLANs: []dispatch.VLAN{mixed}, Stations: []dispatch.Station{station(2, 1), station(3, 2)}},
		"six":         {VLANs: []dispatch.VLAN{office6(dispatch.Traditional)}, Stations: []dispatch.Station{shadow6, trunk6}},
		"six-sdn":     {VLANs: []dispatch.VLAN{office6(dispatch.SDN)}, Stations: []dispatch.Station{shadow6, trunk6}},
		"bearers":     {VLANs: []dispatch.VLAN{contained}, Stations: []dispatch.Station{station(2, 1), unplugged}},
		"foreign": {Gates: []dispatch.Gate{
			{Port: 5, Patch: 105}, {Port: 6, VLAN: 100, Tagged: true, Patch: 106}, {Port: 7, VLAN: 100, Patch: 107}, {Port: 8},
		}},
	}
}

func TestStories(t *testing.T) {
	for name, state := range stories() {
		set := dispatch.Flows(state)
		var lines []string
		for i := range set.Flows {
			lines = append(lines, set.Flows[i].String())
		}
		got := strings.Join(lines, "\n") + "\n"
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAChangeIsOneOfTheDispatch says that between deciding itself and leaving it to the controller a switch
// changes who gets frames, and leaves the ways of hosts to and from the fabric as they are.
func TestAChangeIsOneOfTheDispatch(t *testing.T) {
	flows := func(m dispatch.Mode) map[string]string {
		all := make(map[string]string)
		set := dispatch.Flows(&dispatch.State{VLANs: []dispatch.VLAN{office(m)}, Stations: []dispatch.Station{station(2, 1), station(3, 2)}})
		for i := range set.Flows {
			if f := &set.Flows[i]; f.Table >= dispatch.TableSDN {
				all[f.Key()] = f.Instructions.String()
			}
		}
		return all
	}
	if diff := cmp.Diff(flows(dispatch.Traditional), flows(dispatch.SDN)); diff != "" {
		t.Error(diff)
	}
}

// TestNoTwoFlowsHaveOneMatch holds for every story.
func TestNoTwoFlowsHaveOneMatch(t *testing.T) {
	for name, state := range stories() {
		seen := make(map[string]string)
		set := dispatch.Flows(state)
		for i := range set.Flows {
			f := &set.Flows[i]
			if before, twice := seen[f.Key()]; twice && before != f.Instructions.String() {
				t.Errorf("%s: %s is there twice", name, f)
			}
			seen[f.Key()] = f.Instructions.String()
		}
	}
}
