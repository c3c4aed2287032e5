// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// walk is a frame on its way through the tables.
type walk struct {
	s     *Switch
	port  uint32
	frame []byte
	regs  [16][4]byte
	table uint8
	flow  *Flow
	as    uint32 // the port for which flows are searched; 0: the one where it came in

	tracked tracked // the zero value until a ct action
}

// receive takes a frame through the tables.
func (s *Switch) receive(port uint32, frame []byte) {
	w := &walk{s: s, port: port, frame: frame}
	w.tables()
}

// tables takes the frame through them from the first on.
func (w *walk) tables() { w.from(0) }

// from takes the frame through the tables from one on.
func (w *walk) from(first uint8) {
	for next, more := first, true; more; {
		w.table = next
		f := w.lookup()
		w.as = 0
		if f == nil {
			return
		}
		f.Packets++
		f.Bytes += uint64(len(w.frame))
		f.Used = time.Now()
		w.flow = f
		w.act(f.Instructions.Applied())
		more = false
		for i := range f.Instructions.All() {
			if t, ok := i.GotoTable(); ok {
				next, more = t, true
			}
		}
	}
}

// lookup returns the matching flow of the highest priority.
func (w *walk) lookup() (best *Flow) {
	for _, f := range w.s.flows {
		if f.TableID == w.table && (best == nil || f.Priority > best.Priority) && w.matches(f.Match) {
			best = f
		}
	}
	return best
}

func (w *walk) matches(v openflow.MatchView) bool {
	for o := range v.All() {
		value := w.get(o.Field)
		if value == nil || !within(o, value, nil) {
			return false
		}
	}
	return true
}

// act does actions.
func (w *walk) act(list openflow.Actions) {
	for a := range list.All() {
		if port, maxLen, ok := a.Output(); ok {
			w.output(port, maxLen)
		} else if o, ok := a.SetField(); ok {
			copy(w.get(o.Field), o.Value)
			w.mend(o.Field)
		} else if src, dst, ok := a.Move(); ok {
			w.move(src, dst)
			w.mend(dst.Field)
		} else if dst, v, ok := a.Load(); ok {
			w.load(dst, v)
		} else if port, table, ok := a.Resubmit(); ok {
			w.resubmit(port, table)
		} else if c, ok := a.CT(); ok {
			w.ct(&c)
		} else if a.Type() == openflow.ActionDecTTL {
			w.decTTL()
		} else {
			w.s.trace("does not know action " + list.String())
		}
	}
}

// resubmit takes the frame through a table, searched as if it had come in by a port,
// and comes back with what the flows there made of it.
func (w *walk) resubmit(port uint32, table uint8) {
	flow, at := w.flow, w.table
	if port != openflow.PortInPort {
		w.as = port
	}
	w.from(table)
	w.flow, w.table = flow, at
}

// load sets a register, or where the frame is said to have come in.
func (w *walk) load(dst openflow.Subfield, v uint64) {
	if dst.Field == openflow.FieldNXMInPort {
		w.port = uint32(v)
		return
	}
	put(w.get(dst.Field), v)
}

func (w *walk) output(port uint32, _ uint16) {
	switch port {
	case openflow.PortController:
		w.punt()
	case openflow.PortTable:
		w.tables()
	case openflow.PortInPort:
		w.s.emitted = append(w.s.emitted, emission{w.port, bytes.Clone(w.frame)})
	case w.port: // never back by plain output
	default:
		w.s.emitted = append(w.s.emitted, emission{port, bytes.Clone(w.frame)})
	}
}

// punt sends the frame to the controller with port and registers.
func (w *walk) punt() {
	if w.s.master == nil || !w.s.master.async {
		return
	}
	var m openflow.Match
	m.InPort(w.port)
	for i, r := range w.regs {
		if v := binary.BigEndian.Uint32(r[:]); v != 0 {
			m.Reg(i, v)
		}
	}
	w.tracked.describe(&m)
	w.s.trace("packet_in table=" + itoa(w.table) + " " + m.View().String() + ": " + describe(w.frame))
	in := openflow.PacketIn{
		BufferID: openflow.NoBuffer, TotalLen: uint16(len(w.frame)), Reason: openflow.ReasonAction,
		TableID: w.table, Cookie: w.flow.Cookie, Match: m.View(), Data: w.frame,
	}
	w.s.tell(&in)
}

// decTTL decrements and mends the header checksum, which IPv6 has none.
func (w *walk) decTTL() {
	if w.ethType() == packet.EtherTypeIPv6 {
		w.frame[21] = max(1, w.frame[21]) - 1
		return
	}
	if w.ethType() != packet.EtherTypeIPv4 || w.frame[22] <= 1 {
		return
	}
	w.frame[22]--
	binary.BigEndian.PutUint16(w.frame[24:], 0)
	binary.BigEndian.PutUint16(w.frame[24:], packet.Checksum(w.frame[14:34]))
}
