// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/linkspan/linkspan/wire/openflow"
)

// canFlush asks the bridge to forget connections that there are none of, and says
// whether it understood: Open vSwitch 3.1 and later do.
func canFlush(conn io.ReadWriter) (bool, error) {
	const xid = 3
	nobody := netip.IPv4Unspecified()
	flush := openflow.CTFlush{Zone: 0xffff, HasZone: true, Orig: openflow.CTTuple{Src: nobody, Dst: nobody}}
	question := (&openflow.Hello{Versions: 1 << openflow.Version}).Append(nil, 1)
	question = new(openflow.BarrierRequest).Append(flush.Append(question, xid), xid)
	if _, err := conn.Write(question); err != nil {
		return false, fmt.Errorf("ask for a flush of connections: %w", err)
	}
	for {
		kind, _, err := readMessage(conn)
		switch {
		case err != nil:
			return false, fmt.Errorf("flush of connections: %w", err)
		case kind == typeError:
			return false, nil
		case openflow.Type(kind) == openflow.TypeBarrierReply:
			return true, nil
		}
	}
}
