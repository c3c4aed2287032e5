// SPDX-License-Identifier: Apache-2.0

package restore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// furnish gives the bridge a flow of every kind.
func furnish(s *scene) {
	s.Ofctl("add-meter", "br-link", "meter=11,pktps,burst,stats,bands=type=drop,rate=200,burst_size=50")
	s.Ofctl("add-meter", "br-link", "meter=12,kbps,bands=type=drop,rate=9000")
	for _, flow := range []string{
		"cookie=0x11,table=0,priority=300,vlan_tci=0x1000/0x1000 actions=drop",
		"cookie=0x12,table=0,priority=100,in_port=11 actions=load:10->NXM_NX_REG0[],load:11->NXM_NX_REG1[],goto_table:5",
		"cookie=0x13,table=5,priority=100,in_port=11,arp,arp_spa=10.1.0.11 actions=meter:12,goto_table:10",
		"cookie=0x14,table=30,priority=10,in_port=11,ip actions=meter:11,controller:65535",
		"cookie=0x15,table=30,priority=10,in_port=12,ip actions=meter:11,controller:65535",
		"cookie=0x21,table=30,priority=100,reg0=10,ip,nw_src=10.1.0.11,nw_dst=10.1.0.12,idle_timeout=300,send_flow_rem actions=dec_ttl,set_field:02:00:00:00:00:09->eth_dst,output:12",
	} {
		s.Ofctl("add-flow", "br-link", flow)
	}
}

func (s *scene) check(flows, meters []string) {
	s.t.Helper()
	if diff := cmp.Diff(flows, s.flows()); diff != "" {
		s.t.Errorf("flows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(meters, s.meters()); diff != "" {
		s.t.Errorf("meters (-want +got):\n%s", diff)
	}
}

func TestFlowsGoBackAfterACrash(t *testing.T) {
	s := open(t, 0)
	furnish(s)
	s.follows(6, 2)
	flows, meters := s.flows(), s.meters()
	// A verdict for a moment, and a stranger's, do not come again.
	s.Ofctl("add-flow", "br-link", "cookie=0x22,table=30,priority=400,ip,nw_dst=10.9.9.9,hard_timeout=600 actions=drop")
	s.Ofctl("add-flow", "br-link", "table=9,priority=400,ip,nw_dst=10.9.9.9 actions=drop")
	for i := range uint64(3) {
		s.crash()
		s.check(flows, meters)
		s.follows(6, 2)
		if st := s.keeper.Stats(); st.Restored != i+1 || st.Failed != 0 || !st.Watching {
			t.Errorf("after crash %d: %+v", i+1, st)
		}
	}
}

func TestFlowsGoBackAfterAnEndInOrder(t *testing.T) {
	s := open(t, 0)
	furnish(s)
	s.follows(6, 2)
	flows, meters := s.flows(), s.meters()
	for range 2 {
		// It deletes its flows and says so before it goes.
		pid, err := os.ReadFile(filepath.Join(s.RunDir, "ovs-vswitchd.pid"))
		s.must(err)
		s.Run("ovs-appctl", "-t", filepath.Join(s.RunDir, "ovs-vswitchd."+strings.TrimSpace(string(pid))+".ctl"), "exit")
		ovstest.Eventually(t, "the keeper sees it go", func() bool { return !s.keeper.Stats().Watching })
		s.Kill(ovstest.Daemon)
		s.again()
		s.check(flows, meters)
	}
}

func TestWhatEndedStaysAway(t *testing.T) {
	s := open(t, 0)
	furnish(s)
	s.Ofctl("add-flow", "br-link", "cookie=0x23,table=30,priority=99,ip,nw_dst=10.1.0.99,idle_timeout=1 actions=drop")
	s.follows(7, 2)
	s.follows(6, 2) // it was idle
	s.Ofctl("del-flows", "br-link", "table=30,in_port=11,ip")
	s.Ofctl("mod-flows", "br-link", "table=30,in_port=12,ip actions=drop")
	s.follows(5, 1) // and nothing uses meter 11 any more
	s.Ofctl("del-meter", "br-link", "meter=11")
	flows, meters := s.flows(), s.meters()
	s.crash()
	s.check(flows, meters)

	s.Ofctl("del-flows", "br-link")
	s.follows(0, 0)
	s.crash()
	s.check(nil, nil)
}

func TestAnotherKeeperReadsTheBridge(t *testing.T) {
	s := open(t, 0)
	furnish(s)
	s.follows(6, 2)
	flows, meters := s.flows(), s.meters()
	s.end()
	s.Ofctl("mod-meter", "br-link", "meter=12,kbps,bands=type=drop,rate=9000")
	s.keep(0)
	s.follows(6, 2)
	s.check(flows, meters)
	if st := s.keeper.Stats(); st.Restored != 0 {
		t.Errorf("it put back what was there: %+v", st)
	}
	ovstest.Eventually(t, "the copy knows the meters", func() bool {
		s.crash()
		return cmp.Diff(meters, s.meters()) == "" && cmp.Diff(flows, s.flows()) == ""
	})
}

func TestManyFlows(t *testing.T) {
	const many = 10000
	s := open(t, 0)
	var list strings.Builder
	for i := range many {
		fmt.Fprintf(&list, "cookie=0x2100000000000%d,table=30,priority=100,reg0=10,ip,nw_src=10.%d.%d.1,nw_dst=10.1.0.12,idle_timeout=600 actions=dec_ttl,set_field:02:00:00:00:00:09->eth_dst,output:12\n", i%10, i/250, i%250)
	}
	file := filepath.Join(s.RunDir, "flows")
	s.must(os.WriteFile(file, []byte(list.String()), 0o600))
	s.Run("ovs-ofctl", "-O", "OpenFlow13", "--bundle", "add-flows", "unix:"+filepath.Join(s.RunDir, "br-link.mgmt"), file)
	s.follows(many, 0)
	before := s.keeper.Stats()
	start := time.Now()
	s.crash()
	t.Logf("%d flows, about %d kB; back %v after the connection, %v after the kill", before.Flows, before.Bytes>>10,
		s.keeper.Stats().Took, time.Since(start))
	if got := len(s.flows()); got != many {
		t.Errorf("%d flows of %d are back", got, many)
	}
	s.follows(many, 0)
	if got := s.keeper.Stats().Bytes; got != before.Bytes {
		t.Errorf("the copy takes %d bytes, before it took %d", got, before.Bytes)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	const limit = 1000
	s := open(t, limit)
	furnish(s)
	ovstest.Eventually(t, "the keeper leaves flows out", func() bool { return s.keeper.Stats().Left > 0 })
	st := s.keeper.Stats()
	if st.Bytes > limit || st.Flows == 0 || st.Flows+st.Left != 6 {
		t.Errorf("%+v", st)
	}
	s.crash()
	if got := len(s.flows()); got != st.Flows {
		t.Errorf("%d flows are back, %d were kept", got, st.Flows)
	}
}

func TestChannelWaitsForTheDatabaseToo(t *testing.T) {
	s := open(t, 0)
	furnish(s)
	s.follows(6, 2)
	flows, meters := s.flows(), s.meters()
	s.Kill(ovstest.Daemon)
	s.Kill(ovstest.Database)
	s.Restart(ovstest.Database)
	s.again()
	s.check(flows, meters)
}
