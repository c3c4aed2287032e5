// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
)

func Example() {
	var m openflow.Match
	m.EthType(0x0800).IPv4Dst(netip.MustParseAddr("10.1.0.12"))
	acts := openflow.Actions(nil).DecTTL().Output(2, 0)
	flow := openflow.FlowMod{
		Priority:     100,
		Match:        m.View(),
		Instructions: openflow.Instructions(nil).Apply(acts),
	}
	buf := flow.Append(nil, 1)
	fmt.Println(len(buf), &flow)
	// Output: 104 ADD table:0 priority=100,ip,nw_dst=10.1.0.12 actions=dec_ttl,output:2
}

func ExampleMultipart() {
	reply := openflow.Message{4, 19, 0, 40, 0, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0,
		5, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 7}
	var mp openflow.Multipart
	if err := mp.DecodeReply(reply); err != nil {
		fmt.Println(err)
	}
	var table openflow.TableStats
	for body := mp.Body; len(body) > 0; {
		var err error
		if body, err = table.Next(body); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("table %d: %d flows, %d packets without one\n", table.TableID, table.Active, table.Lookups-table.Matched)
	}
	// Output: table 5: 3 flows, 3 packets without one
}
