// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan/bench/stats"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Switch is the switch's end of one OpenFlow session. Its reader answers the
// controller and checks it at all times; it asks only during Run.
type Switch struct {
	options Options
	conn    net.Conn
	reader  *openflow.Reader
	done    chan struct{} // closed when the session has ended
	changed chan struct{} // holds a value after learned has changed

	mu      sync.Mutex
	err     error // why the session ended
	out     []byte
	learned learned

	questions []question
	flows     map[pair]*expected
	turn      int // the question that was asked next after the one answered last
	asking

	// Of the message at hand; here so that nothing is allocated for it.
	flow   openflow.FlowMod
	packet openflow.PacketOut
}

// asking is what a run changes.
type asking struct {
	next     int       // question to ask next
	open     int       // asked and not answered
	window   int       // how many may be open
	schedule *schedule // instead of a window
	asked    uint64
	answered uint64
	unsent   uint64 // of the schedule, because every question was open
	latency  *stats.Histogram
	faults   Faults
}

// question is a Question ready to be asked.
type question struct {
	message []byte // the PacketIn
	frame   []byte // its packet, a view of message
	tagAt   int    // of the frame
	number  uint16
	asked   time.Time
	asks    uint16
	want    uint32 // the flows that must have come
	inPort  uint32
	out     uint32
	near    []expected // on this switch
	asker   *Switch
	farWant uint32 // those of want that come to the far switch
	farIn   uint32
	// seen is the state: flows of this question come to two switches.
	seen    atomic.Uint32
	carried atomic.Uint32 // the asking whose packet came to the far switch last
}

// pair is the source and the destination address of a flow.
type pair struct{ src, dst uint32 }

// expected is a flow of a question.
type expected struct {
	pair     pair
	question *question
	bit      uint32
	out      uint32
	network  uint32
	link     *Flow // whose Ethernet addresses must be matched, or nil
}

func newSwitch(conn net.Conn, o Options) *Switch {
	s := &Switch{
		options: o, conn: conn, reader: openflow.NewReader(conn),
		done: make(chan struct{}), changed: make(chan struct{}, 1), flows: make(map[pair]*expected),
	}
	s.latency = new(stats.Histogram)
	s.learned = learned{punts: make(map[uint32]punt), registers: make(map[uint32][]byte)}
	return s
}

// serve answers and checks until the session ends.
func (s *Switch) serve() {
	defer close(s.done)
	for {
		m, err := s.reader.Next()
		s.mu.Lock()
		if err == nil {
			err = s.burst(m)
		}
		s.err = err
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// burst handles m and all messages that were read together with it, then asks
// and sends once.
func (s *Switch) burst(m openflow.Message) (err error) {
	now := time.Now()
	s.handle(m, now)
	for s.reader.Buffered() > 0 {
		if m, err = s.reader.Next(); err != nil {
			return err
		}
		s.handle(m, now)
	}
	s.refill()
	return s.flush()
}

func (s *Switch) handle(m openflow.Message, now time.Time) {
	switch m.Type() {
	case openflow.TypeFlowMod:
		s.flowMod(m, now)
	case openflow.TypePacketOut:
		s.packetOut(m, now)
	case openflow.TypeBarrierRequest:
		s.out = (&openflow.BarrierReply{}).Append(s.out, m.XID())
	default:
		s.control(m)
	}
}

func (s *Switch) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

// Err returns why the session has ended, nil while it has not.
func (s *Switch) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.err, io.EOF) {
		return fmt.Errorf("switch %016x: the controller closed the session", s.options.DPID)
	}
	return s.err
}

// Close ends the session and waits for its reader.
func (s *Switch) Close() {
	_ = s.conn.Close() // its error has nobody to act on it
	<-s.done
}
