// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// TestOpenVSwitchHoldsWhatIsWritten gives every story's flows to a bridge, and reads them back; and
// what a switch has lost comes back by itself.
func TestOpenVSwitchHoldsWhatIsWritten(t *testing.T) {
	s := open(t)
	for _, n := range []string{"1", "2", "3", "4", "5", "6"} {
		s.station(n)
	}
	s.Vsctl("add-port", "br-switch", "vlan10", "--", "set", "interface", "vlan10", "type=internal")
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		s.must(err)
		given, _, _ := strings.Cut(string(text), "=> flows\n")
		s.commit(given)
		if d := s.drift(); d != "" {
			t.Errorf("%s: %s", file, d)
		}
	}
	s.commit("set ports eth1 storm-control broadcast 100\nset ports eth1 storm-control unknown-unicast 7\nset ports eth1 acl-in web\nset acls web rules 1 action permit\n")
	s.Kill(ovstest.Daemon)
	s.Restart(ovstest.Daemon)
	ovstest.Eventually(t, "the flows are back", func() bool {
		list, err := s.part.Drift(s.ctx, s.tree)
		return err == nil && len(list) == 0
	})
}

// TestFlowsOfOthersStay: those that package dispatch has written, and its meters, are neither drift nor
// taken away, also by a process that begins anew, before and after it runs.
func TestFlowsOfOthersStay(t *testing.T) {
	s := open(t)
	s.station("1")
	s.commit("set ports eth1\n")
	s.Ofctl("add-meter", "br-switch", fmt.Sprintf("meter=%d,pktps,bands=type=drop,rate=7", forward.MeterModes))
	s.Ofctl("add-flow", "br-switch", fmt.Sprintf("cookie=%#x,table=7,priority=200,in_port=eth1 actions=meter:%d,goto_table:20", forward.CookieModes|5, forward.MeterModes))
	s.end()
	s.part = forward.New(forward.Options{Dial: s.dial})
	s.boot()
	s.start()
	s.boot()
	if d := s.drift(); d != "" {
		t.Error(d)
	}
	if flows := s.Ofctl("dump-flows", "br-switch", "table=7"); !strings.Contains(flows, "goto_table:20") {
		t.Errorf("it is gone:\n%s", flows)
	}
}

// TestDriftIsShown: what somebody else changed is told, a commit of something else leaves
// it, and applying all again mends it.
func TestDriftIsShown(t *testing.T) {
	s := open(t)
	s.station("1")
	s.commit("set ports eth1 storm-control broadcast 100\n")
	s.Ofctl("add-flow", "br-switch", "table=0,priority=5000 actions=drop")
	s.Ofctl("mod-flows", "br-switch", "table=11 actions=drop")
	s.Ofctl("mod-meter", "br-switch", "meter=129725,pktps,stats,bands=type=drop,rate=7")
	want := lines(strings.Join([]string{
		"ports eth1 storm-control broadcast: want meter 129725 with 100 frames per second, have meter 129725 with 7 frames per second",
		"switching: want , have flow table=0,priority=5000 actions=drop",
		"switching: want flow table=11,priority=0 actions=NORMAL, have flow table=11,priority=0 actions=drop",
	}, "\n"))
	if diff := cmp.Diff(want, lines(s.drift())); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.commit("set ports eth1 storm-control broadcast 100\nset ports eth1 storm-control multicast 100\n")
	if diff := cmp.Diff(want, lines(s.drift())); diff != "" {
		t.Errorf("after a commit of something else: -want +got:\n%s", diff)
	}
	s.boot()
	if d := s.drift(); d != "" {
		t.Error(d)
	}
}

// lines sorts what is told.
func lines(text string) string {
	list := strings.Split(strings.TrimSpace(text), "\n")
	slices.Sort(list)
	return strings.Join(list, "\n")
}

// TestTheBridgeComesAndGoes with the first and the last of its ports, as package bridge makes it.
func TestTheBridgeComesAndGoes(t *testing.T) {
	s := open(t)
	s.Vsctl("del-br", "br-switch")
	s.commit("set system hostname edge1\n") // nothing needs it
	s.addBridge()
	s.station("1")
	s.commit("set ports eth1\n")
	if !strings.Contains(s.Ofctl("dump-flows", "br-switch"), "NORMAL") {
		t.Error("the new bridge has no flows")
	}
	s.Vsctl("del-br", "br-switch")
	s.commit("")
	s.addBridge()
	s.Vsctl("add-port", "br-switch", "eth1")
	s.commit("set ports eth1\n")
	if d := s.drift(); d != "" {
		t.Error(d)
	}
}
