// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"errors"
	"io"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// connect notes the connection of the channel.
func (s *Bridge) connect(conn io.Writer) {
	s.sending.Lock()
	defer s.sending.Unlock()
	s.conn = conn
}

// errAway is never changed.
var errAway = errors.New("the bridge is not connected")

func (s *Bridge) send(b []byte) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	if s.conn == nil {
		return errAway
	}
	_, err := s.conn.Write(b)
	return err
}

// regNetwork is the register of a PacketIn that says the network.
const regNetwork = 0

// Ask sends a packet of one of the bridge's endpoints up to the controller, as a
// bridge does that has no flow for it.
func (s *Bridge) Ask(port uint32, network linkspan.NetworkID, frame []byte) error {
	var m openflow.Match
	m.InPort(port).Reg(regNetwork, uint32(network))
	in := openflow.PacketIn{
		BufferID: openflow.NoBuffer, TotalLen: uint16(len(frame)), Reason: openflow.ReasonAction,
		TableID: tableRoute, Match: m.View(), Data: frame,
	}
	return s.send(in.Append(nil, 0))
}

// tableRoute is the table from which packets of endpoints come up.
const tableRoute = 30
