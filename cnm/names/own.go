// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/binary"
	"errors"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// owned is the flag of a table that goes with the socket that made it, and that
// no other socket may change (NFT_TABLE_F_OWNER, Linux 5.12). The library
// cannot set it.
const owned = 2

// ownTable makes a table that belongs to a socket.
func ownTable(socket *netlink.Conn, table *nftables.Table) error {
	body := netlink.NewAttributeEncoder()
	body.ByteOrder = binary.BigEndian
	body.String(unix.NFTA_TABLE_NAME, table.Name)
	body.Uint32(unix.NFTA_TABLE_FLAGS, owned)
	attributes, err := body.Encode()
	if err != nil {
		return err
	}
	const create = netlink.Request | netlink.Acknowledge | netlink.Create | netlink.Excl
	batch := []netlink.Message{
		message(unix.NFNL_MSG_BATCH_BEGIN, netlink.Request, 0, unix.NFNL_SUBSYS_NFTABLES, nil),
		message(unix.NFNL_SUBSYS_NFTABLES<<8|unix.NFT_MSG_NEWTABLE, create, byte(table.Family), 0, attributes),
		message(unix.NFNL_MSG_BATCH_END, netlink.Request, 0, unix.NFNL_SUBSYS_NFTABLES, nil),
	}
	if _, err := socket.SendMessages(batch); err != nil {
		return err
	}
	_, err = socket.Receive()
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EINVAL) {
		return &linkspan.Error{
			Code: linkspan.Unavailable, Message: "this kernel's nftables have no tables with an owner",
			Hint: "names of containers on other hosts need Linux 5.12 or later", Err: err,
		}
	}
	return err
}

// message puts the header of netfilter's messages before the attributes: family,
// version 0, and the subsystem that a batch is for.
func message(kind int, flags netlink.HeaderFlags, family byte, subsystem uint16, attributes []byte) netlink.Message {
	data := binary.BigEndian.AppendUint16([]byte{family, unix.NFNETLINK_V0}, subsystem)
	return netlink.Message{
		Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: flags},
		Data:   append(data, attributes...),
	}
}
