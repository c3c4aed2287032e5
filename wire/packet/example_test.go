// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan/wire/packet"
)

func Example() {
	frame := packet.AppendUDP(nil, &packet.Head{
		Src: netip.MustParseAddr("10.1.0.11"), Dst: netip.MustParseAddr("10.1.0.12"), TTL: 1,
	}, 33434, 33435, nil)
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil {
		fmt.Println(err)
		return
	}
	hop := packet.ErrorSource{MAC: packet.MAC{2, 0xff, 0, 0, 0, 1}, Addr: netip.MustParseAddr("192.0.2.1")}
	reply, err := packet.AppendTimeExceeded(nil, &p, hop)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := packet.Parse(reply, &p); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Src(), "to", p.Dst(), p.ChecksumOK())
	// Output: 192.0.2.1 to 10.1.0.11 true
}
