// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/binary"
	"errors"
	"fmt"
	"syscall"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// forget drops what connection tracking remembers of questions to Docker's
// resolver in a namespace, but for those that lead to the given ports of ours. A
// translation is kept for up to two minutes after the last packet and holds for
// whatever comes from the same port, though the rule is another one by then, or
// the socket it leads to is gone. Without it an answer does not find back, so
// those that are being answered here must be left.
func forget(namespace int, ours map[uint8]uint16) error {
	n, err := tracked(namespace)
	if err == nil && n > 0 {
		err = drop(namespace, stale(ours))
	}
	if err != nil {
		return fmt.Errorf("connection tracking: %w", err)
	}
	return nil
}

// stale matches questions to Docker's resolver that do not lead to the ports, by
// protocol.
type stale map[uint8]uint16

var _ netlink.CustomConntrackFilter = stale(nil)

// MatchConntrackFlow implements [netlink.CustomConntrackFilter].
func (s stale) MatchConntrackFlow(flow *netlink.ConntrackFlow) bool {
	asked := flow.Forward
	if asked.Protocol != unix.IPPROTO_UDP && asked.Protocol != unix.IPPROTO_TCP ||
		asked.DstPort != dockerResolver.Port() || !asked.DstIP.Equal(dockerResolver.Addr().AsSlice()) {
		return false
	}
	port, some := s[asked.Protocol]
	return !some || flow.Reverse.SrcPort != port
}

// The question for the number of connections (linux/netfilter/
// nfnetlink_conntrack.h: IPCTNL_MSG_CT_GET_STATS, CTA_STATS_GLOBAL_ENTRIES).
const (
	trackStats   = 5
	trackEntries = 1
)

// tracked returns how many connections are tracked in a namespace, most often
// none when a container has just begun. To look for them takes milliseconds:
// the kernel has one table for all namespaces, whatever is in it.
func tracked(namespace int) (uint32, error) {
	socket, err := nl.GetNetlinkSocketAt(netns.NsHandle(namespace), netns.None(), unix.NETLINK_NETFILTER)
	if err != nil {
		return 0, err
	}
	defer socket.Close()
	question := nl.NewNetlinkRequest(unix.NFNL_SUBSYS_CTNETLINK<<8|trackStats, 0)
	question.AddRawData([]byte{unix.AF_UNSPEC, unix.NFNETLINK_V0, 0, 0})
	if err := socket.Send(question); err != nil {
		return 0, err
	}
	// Once: the kernel calls its only answer one of several, and sends no end.
	answers, _, err := socket.Receive()
	if err != nil {
		return 0, err
	}
	return readTracked(answers)
}

func readTracked(answers []syscall.NetlinkMessage) (uint32, error) {
	for _, m := range answers {
		if len(m.Data) < nl.SizeofNfgenmsg {
			continue
		}
		attributes, err := nl.ParseRouteAttr(m.Data[nl.SizeofNfgenmsg:])
		if err != nil {
			return 0, err
		}
		for _, a := range attributes {
			if a.Attr.Type == trackEntries && len(a.Value) == 4 {
				return binary.BigEndian.Uint32(a.Value), nil
			}
		}
	}
	return 0, errors.New("the kernel does not say how many there are")
}

func drop(namespace int, which netlink.CustomConntrackFilter) error {
	handle, err := netlink.NewHandleAt(netns.NsHandle(namespace), unix.NETLINK_NETFILTER)
	if err != nil {
		return err
	}
	defer handle.Close()
	_, err = handle.ConntrackDeleteFilters(netlink.ConntrackTable, unix.AF_INET, which)
	return err
}
