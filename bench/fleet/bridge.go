// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// Bridge is a simulated br-link. Flows stay when its channel ends. Its methods
// may be called concurrently.
type Bridge struct {
	dpid  uint64
	fleet *Fleet

	placed atomic.Bool // counted by the fleet

	mu     sync.Mutex
	flows  flows
	meters map[uint32]openflow.MeterConfig
	count  Count
	began  time.Time // of the channel
	took   time.Duration

	sending sync.Mutex
	conn    io.Writer // of the channel; nil while there is none
}

// Count is what a bridge got, echo requests left out.
type Count struct {
	Messages, Bytes uint64
}

func newBridge(dpid uint64, f *Fleet) *Bridge {
	return &Bridge{dpid: dpid, fleet: f, flows: make(flows), meters: make(map[uint32]openflow.MeterConfig)}
}

// Flows returns how many flows the bridge has.
func (s *Bridge) Flows() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flows)
}

// Count returns what has come since the bridge was made.
func (s *Bridge) Count() Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Took returns how long the controller needed in the present channel from its
// first message until it had the bridge as it is to be; 0 while it is not.
func (s *Bridge) Took() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.took
}

// Lose forgets all flows and meters, as a crash of ovs-vswitchd does.
func (s *Bridge) Lose() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.flows)
	clear(s.meters)
}

// channel is one connection of a bridge.
type channel struct {
	*Bridge
	out       []byte
	bundle    []openflow.Message
	committed bool
}

// serve speaks to the controller until the connection ends.
func (s *Bridge) serve(conn io.ReadWriteCloser) error {
	defer conn.Close()
	s.mu.Lock()
	s.began, s.took = time.Now(), 0
	s.mu.Unlock()
	s.connect(conn)
	defer s.connect(nil)
	c := &channel{Bridge: s}
	c.reply(&openflow.Hello{Versions: 1 << openflow.Version}, 0)
	r := openflow.NewReader(conn)
	for {
		if r.Buffered() == 0 && len(c.out) > 0 {
			if err := s.send(c.out); err != nil {
				return err
			}
			c.out = nil // idle hosts hold no buffer
		}
		m, err := r.Next()
		if err != nil {
			return err
		}
		if err := c.take(m); err != nil {
			return fmt.Errorf("%s: %w", m.Type(), err)
		}
	}
}

func (c *channel) reply(m openflow.Encoder, xid uint32) { c.out = m.Append(c.out, xid) }

// take does what a message asks. What no Linkspan controller sends is an error.
func (c *channel) take(m openflow.Message) error {
	if m.Type() == openflow.TypeEchoRequest {
		c.reply(&openflow.EchoReply{Data: m.Body()}, m.XID())
		return nil
	}
	c.mu.Lock()
	c.count.Messages++
	c.count.Bytes += uint64(len(m))
	err := c.obey(m)
	inPlace := c.committed && m.Type() == openflow.TypeBarrierRequest && c.took == 0
	if inPlace {
		c.took = time.Since(c.began)
	}
	n := len(c.flows)
	c.mu.Unlock()
	if inPlace && !c.placed.Swap(true) {
		c.fleet.bridges.Add(1)
	}
	c.fleet.saw(Seen{Flows: c.Bridge, Number: uint32(n)})
	return err
}

func (c *channel) obey(m openflow.Message) error {
	switch m.Type() {
	case openflow.TypeHello, openflow.TypeSetConfig, openflow.TypeSetAsync, openflow.TypePacketOut:
	case openflow.TypeFeaturesRequest:
		c.reply(&openflow.FeaturesReply{DatapathID: c.dpid, Tables: 254}, m.XID())
	case openflow.TypeBarrierRequest:
		c.reply(new(openflow.BarrierReply), m.XID())
	case openflow.TypeRoleRequest:
		var r openflow.RoleRequest
		if err := r.Decode(m); err != nil {
			return err
		}
		reply := openflow.RoleReply(r)
		c.reply(&reply, m.XID())
	case openflow.TypeMeterMod:
		return c.meter(m)
	case openflow.TypeFlowMod:
		var mod openflow.FlowMod
		if err := mod.Decode(m); err != nil {
			return err
		}
		c.fleet.touched(c.Bridge, c.flows.apply(&mod))
	case openflow.TypeMultipartRequest:
		return c.multipart(m)
	case openflow.TypeExperimenter:
		return c.inBundle(m)
	default:
		return fmt.Errorf("not expected: %s", m)
	}
	return nil
}

func (c *channel) meter(m openflow.Message) error {
	var mod openflow.MeterMod
	if err := mod.Decode(m); err != nil {
		return err
	}
	if mod.Command == openflow.MeterDelete {
		delete(c.meters, mod.MeterID)
		return nil
	}
	c.meters[mod.MeterID] = openflow.MeterConfig{Flags: mod.Flags, MeterID: mod.MeterID, Bands: mod.Bands}
	return nil
}

func (c *channel) multipart(m openflow.Message) error {
	var mp openflow.Multipart
	if err := mp.DecodeRequest(m); err != nil {
		return err
	}
	switch mp.Type {
	case openflow.MultipartFlow:
		var r openflow.FlowRequest
		if err := r.DecodeBody(mp.Body); err != nil {
			return err
		}
		c.out = c.flows.dump(c.out, &r, m.XID())
	case openflow.MultipartMeterConfig:
		reply := openflow.Multipart{Type: mp.Type}
		for _, config := range c.meters {
			reply.Body = config.AppendBody(reply.Body)
		}
		c.out = reply.AppendReply(c.out, m.XID())
	default:
		return fmt.Errorf("not expected: %s", m)
	}
	return nil
}

// inBundle collects the messages of a bundle and does them at its commit. The other
// experiments that a controller makes are with connections.
func (c *channel) inBundle(m openflow.Message) error {
	var add openflow.BundleAdd
	if add.Decode(m) == nil {
		c.bundle = append(c.bundle, bytes.Clone(add.Inner))
		return nil
	}
	if new(openflow.CTFlush).Decode(m) == nil {
		return nil // a simulated host knows no connections
	}
	var control openflow.BundleControl
	if err := control.Decode(m); err != nil {
		return err
	}
	if control.Command == openflow.BundleCommit {
		for _, inner := range c.bundle {
			if err := c.obey(inner); err != nil {
				return err
			}
		}
		c.bundle, c.committed = nil, true
	}
	control.Command++
	c.reply(&control, m.XID())
	return nil
}

// Returned waits until the bridge, whose channel was ended, has come back and is
// in place, and returns how long the controller needed, as Took.
func (s *Bridge) Returned(ctx context.Context) (time.Duration, error) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	s.mu.Lock()
	last := s.began
	s.mu.Unlock()
	for {
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("a bridge does not come back: %w", ctx.Err())
		case <-tick.C:
		}
		s.mu.Lock()
		again, took := s.began.After(last), s.took
		s.mu.Unlock()
		if again && took > 0 {
			return took, nil
		}
	}
}
