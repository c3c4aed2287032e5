// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Switch is a simulated switch. Of several connections the one that last became
// master gets the packets and may write, as on Open vSwitch. Its methods may be
// called concurrently.
type Switch struct {
	// Output gets the frames that leave by a port; nil: they are lost. It is
	// called without a lock and may inject frames.
	Output func(port uint32, frame []byte)
	// Trace gets a line for what happens; nil: nobody.
	Trace func(line string)

	dpid linkspan.DPID

	mu         sync.Mutex
	flows      []*Flow
	meters     map[uint32]openflow.MeterConfig
	clients    map[*client]bool
	turn       *client // whose message is being handled
	master     *client // who gets packets and may write
	emitted    []emission
	generation uint64
	hasRole    bool
	tracker    tracker
	noFlush    bool
	busy       bool
	unsaid     []func() // what it would have confirmed, had it not been busy
	mods       int
}

// client is a controller's connection.
type client struct {
	conn   io.Writer
	out    []byte // to be sent
	bundle []openflow.Message
	async  bool // it has asked for packets
}

// emission is a frame on its way out.
type emission struct {
	port  uint32
	frame []byte
}

// NewSwitch returns a switch without flows.
func NewSwitch(dpid linkspan.DPID) *Switch {
	return &Switch{
		dpid: dpid, meters: make(map[uint32]openflow.MeterConfig), clients: make(map[*client]bool), tracker: newTracker(),
	}
}

// Serve speaks to a controller until the connection ends. Flows stay.
func (s *Switch) Serve(conn io.ReadWriteCloser) error {
	defer conn.Close()
	c := &client{conn: conn}
	s.mu.Lock()
	s.clients[c], s.turn = true, c
	s.reply(&openflow.Hello{Versions: 1 << openflow.Version}, 0)
	s.mu.Unlock()
	defer s.forget(c)
	s.settle()
	r := openflow.NewReader(conn)
	for {
		m, err := r.Next()
		if err != nil {
			return err
		}
		s.mu.Lock()
		s.turn = c
		s.expire()
		if e := s.handle(m); e != nil {
			e.Data = bytes.Clone(m[:min(len(m), 64)])
			s.trace("refuses " + e.Error())
			s.reply(e, m.XID())
		}
		s.mu.Unlock()
		s.settle()
	}
}

func (s *Switch) forget(c *client) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.clients, c)
	if s.master == c {
		s.master = nil
	}
}

// Inject takes a frame in at a port.
func (s *Switch) Inject(port uint32, frame []byte) {
	s.mu.Lock()
	s.expire()
	s.receive(port, bytes.Clone(frame))
	s.mu.Unlock()
	s.settle()
}

// SetBusy has the switch keep its answers to barriers back until it is not busy
// any more.
func (s *Switch) SetBusy(busy bool) {
	s.mu.Lock()
	if s.busy = busy; !busy {
		for _, say := range s.unsaid {
			say()
		}
		s.unsaid = nil
	}
	s.mu.Unlock()
	s.settle()
}

// confirm answers a barrier.
func (s *Switch) confirm(c *client, xid uint32) {
	say := func() { c.out = new(openflow.BarrierReply).Append(c.out, xid) }
	if s.busy {
		s.unsaid = append(s.unsaid, say)
		return
	}
	say()
}

// Expire removes the flows whose time has passed. Other methods do so as well
// before they look at flows.
func (s *Switch) Expire() {
	s.mu.Lock()
	s.expire()
	s.mu.Unlock()
	s.settle()
}

// Flows returns copies of the flows, in the order of their text.
func (s *Switch) Flows() []Flow {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expire()
	list := make([]Flow, 0, len(s.flows))
	for _, f := range s.flows {
		if f.text == "" { // to write it takes longer than all else, and it does not change
			f.text = f.String()
		}
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Flow) int { return strings.Compare(a.text, b.text) })
	return list
}

// FlowMods returns how many messages have come that change flows.
func (s *Switch) FlowMods() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mods
}

// Meters returns the numbers of the meters, in order.
func (s *Switch) Meters() []uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []uint32
	for id := range s.meters {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// settle sends what is to be sent, without the lock, until nothing is left.
func (s *Switch) settle() {
	for {
		s.mu.Lock()
		frames := s.emitted
		s.emitted = nil
		type batch struct {
			conn io.Writer
			out  []byte
		}
		var batches []batch
		for c := range s.clients {
			if len(c.out) > 0 {
				batches = append(batches, batch{c.conn, c.out})
				c.out = nil
			}
		}
		s.mu.Unlock()
		if len(batches) == 0 && len(frames) == 0 {
			return
		}
		for _, b := range batches {
			_, _ = b.conn.Write(b.out) // a controller that is gone misses it
		}
		for _, e := range frames {
			if s.Output != nil {
				s.Output(e.port, e.frame)
			}
		}
	}
}

// reply appends a message to whoever's turn it is, tell one to the master.
func (s *Switch) reply(m openflow.Encoder, xid uint32) { s.turn.out = m.Append(s.turn.out, xid) }

func (s *Switch) tell(m openflow.Encoder) {
	if s.master != nil {
		s.master.out = m.Append(s.master.out, 0)
	}
}

func (s *Switch) trace(line string) {
	if s.Trace != nil {
		s.Trace(line)
	}
}

// expire removes what is overdue and tells the controller.
func (s *Switch) expire() {
	now := time.Now()
	s.remove(func(f *Flow) (openflow.RemovedReason, bool) { return f.overdue(now) })
}

// remove removes the flows that which picks.
func (s *Switch) remove(which func(*Flow) (openflow.RemovedReason, bool)) {
	var left []*Flow
	for _, f := range s.flows {
		reason, gone := which(f)
		if !gone {
			left = append(left, f)
			continue
		}
		s.trace(f.kind() + "- " + f.String() + " (" + reason.String() + ")")
		if f.Flags&openflow.FlowSendRemoved != 0 {
			stood := time.Since(f.Installed)
			s.tell(&openflow.FlowRemoved{
				Cookie: f.Cookie, Priority: f.Priority, Reason: reason, TableID: f.TableID,
				IdleTimeout: f.IdleTimeout, Packets: f.Packets, Bytes: f.Bytes, Match: f.Match,
				DurationSec: uint32(stood / time.Second), DurationNsec: uint32(stood % time.Second),
			})
		}
	}
	s.flows = left
}
