// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"testing"
)

func TestCounts(t *testing.T) {
	a, b := &end{address: netip.MustParseAddr("10.1.0.2")}, &end{address: netip.MustParseAddr("10.1.0.20")}
	flows := `table_id=30, duration=1s, n_packets=1, n_bytes=1, priority=200,ip,reg0=0x1,nw_src=10.1.0.2,nw_dst=10.1.0.20,actions=move:NXM_NX_CT_ZONE[2]->NXM_NX_REG3[0],dec_ttl,output:3
table_id=30, duration=1s, n_packets=1, n_bytes=1, priority=200,ip,reg0=0x1,nw_src=10.1.0.20,nw_dst=10.1.0.2,actions=move:NXM_NX_CT_ZONE[2]->NXM_NX_REG3[0],dec_ttl,output:3
table_id=30, duration=1s, n_packets=1, n_bytes=1, priority=300,ip,reg0=0x1,nw_src=10.1.0.2,nw_dst=10.1.0.20,actions=move:NXM_NX_CT_ZONE[12]->NXM_NX_REG3[0]
table_id=30, duration=1s, n_packets=1, n_bytes=1, priority=200,ip,reg0=0x1,nw_src=10.1.0.2,nw_dst=10.1.0.200,actions=output:3
table_id=30, duration=1s, n_packets=1, n_bytes=1, priority=200,ip,reg0=0x1,nw_src=10.1.0.2,nw_dst=10.1.0.20,actions=move:NXM_NX_CT_ZONE[8]->NXM_NX_REG3[0],ct(table=31,zone=3)
`
	if n := countFlows(flows, a, b); n != 2 {
		t.Errorf("%d flows", n)
	}
	tracked := `table_id=31, duration=1s, n_packets=1, n_bytes=1, priority=100,ct_state=-new-rpl-inv+trk,ip,reg0=0x1,nw_src=10.1.0.20,nw_dst=10.1.0.2,actions=output:3
table_id=31, duration=1s, n_packets=1, n_bytes=1, priority=100,ct_state=+rpl-inv+trk,ip,reg0=0x1,nw_src=10.1.0.2,nw_dst=10.1.0.20,actions=output:3
table_id=31, duration=1s, n_packets=1, n_bytes=1, priority=100,ct_state=-new-inv+trk,ip,reg0=0x1,nw_src=10.1.0.20,nw_dst=10.1.0.2,nw_frag=later,actions=output:3
`
	if n := countFlows(tracked, a, b); n != 0 {
		t.Errorf("%d flows for connections that the other opens", n)
	}
	if n := countFlows(tracked, b, a); n != 2 {
		t.Errorf("%d flows for those that it opens", n)
	}
	entries := `tcp,orig=(src=10.1.0.2,dst=10.1.0.20,sport=40000,dport=7000),reply=(src=10.1.0.20,dst=10.1.0.2,sport=7000,dport=40000),zone=3,protoinfo=(state=ESTABLISHED)
tcp,orig=(src=10.1.0.2,dst=10.1.0.20,sport=40000,dport=22),reply=(src=10.1.0.20,dst=10.1.0.2,sport=22,dport=40000),zone=3,protoinfo=(state=ESTABLISHED)
tcp,orig=(src=10.1.0.20,dst=10.1.0.2,sport=7000,dport=40001),reply=(src=10.1.0.2,dst=10.1.0.20,sport=40001,dport=7000),zone=3,protoinfo=(state=ESTABLISHED)
udp,orig=(src=10.1.0.2,dst=10.1.0.20,sport=40000,dport=7000),reply=(src=10.1.0.20,dst=10.1.0.2,sport=7000,dport=40000),zone=3
`
	if got := entriesOf(entries, a, b); len(got) != 2 {
		t.Errorf("%q", got)
	}
}
