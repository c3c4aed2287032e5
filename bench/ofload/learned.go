// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"bytes"
	"context"
	"fmt"

	"github.com/linkspan/linkspan/wire/openflow"
)

// learned is what the controller's flows say about the packets it wants.
type learned struct {
	punts     map[uint32]punt   // by port; that of port 0 is for every port
	registers map[uint32][]byte // OXMs that a port's first flow sets
}

// punt is how a packet comes to the controller.
type punt struct {
	table  uint8
	cookie uint64
	reason openflow.PacketInReason
}

// learn takes note of a flow that is not the answer to a question.
func (s *Switch) learn(f *openflow.FlowMod) {
	if f.Command != openflow.FlowAdd {
		return
	}
	port := f.Match.InPort()
	if sends(f.Instructions) && !narrow(f.Match) {
		p := punt{f.TableID, f.Cookie, openflow.ReasonAction}
		if len(f.Match) == 0 {
			p.reason = openflow.ReasonNoMatch
		}
		if first, known := s.learned.punts[port]; !known || p.table <= first.table {
			s.learned.punts[port] = p // later tables send up what connection tracking has seen
		}
	}
	if set := registersOf(f.Instructions); port != 0 && f.TableID == 0 && set != nil {
		s.learned.registers[port] = set
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// sends says whether a flow sends packets to the controller.
func sends(l openflow.Instructions) bool {
	for a := range l.Applied().All() {
		if port, _, ok := a.Output(); ok && port == openflow.PortController {
			return true
		}
	}
	return false
}

// narrow says whether a match is for more than a port's IPv4 packets.
func narrow(m openflow.MatchView) bool {
	for o := range m.All() {
		switch {
		case o.Field == openflow.FieldInPort:
		case o.Field == openflow.FieldEthType && o.Uint() == 0x0800:
		default:
			return true
		}
	}
	return false
}

// registersOf returns the registers that the actions set, as a PacketIn of a
// later table has them.
func registersOf(l openflow.Instructions) []byte {
	var m openflow.Match
	for a := range l.Applied().All() {
		if o, ok := a.SetField(); ok {
			m.Add(o)
		}
	}
	if len(m.View()) == 0 {
		return nil
	}
	return bytes.Clone(m.View())
}

// packetIn returns the PacketIn of a packet that came in by a port.
func (l *learned) packetIn(port uint32, frame []byte) ([]byte, error) {
	p, ok := l.punts[port]
	if !ok {
		p, ok = l.punts[0]
	}
	if !ok {
		return nil, fmt.Errorf("no flow sends packets of port %d to the controller", port)
	}
	var m openflow.Match
	m.InPort(port)
	match := append(bytes.Clone(m.View()), l.registers[port]...)
	in := openflow.PacketIn{
		BufferID: openflow.NoBuffer, TotalLen: uint16(len(frame)), Reason: p.reason,
		TableID: p.table, Cookie: p.cookie, Match: match, Data: frame,
	}
	return in.Append(nil, 0), nil
}

// Ready waits until the controller has installed flows that send the packets of
// all these ports to it.
func (s *Switch) Ready(ctx context.Context, ports ...uint32) error {
	for {
		missing, ok := s.unpunted(ports)
		if ok {
			return nil
		}
		select {
		case <-s.changed:
		case <-s.done:
			return s.Err()
		case <-ctx.Done():
			return fmt.Errorf("switch %016x: no flow for packets of port %d: %w", s.options.DPID, missing, ctx.Err())
		}
	}
}

func (s *Switch) unpunted(ports []uint32) (port uint32, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, every := s.learned.punts[0]; every {
		return 0, true
	}
	for _, port := range ports {
		if _, ok := s.learned.punts[port]; !ok {
			return port, false
		}
	}
	return 0, true
}
