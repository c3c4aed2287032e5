// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// rest is how long news of the bridge are left to gather after some were read:
// each of them that wakes this process takes time from the ovs-vswitchd that
// has a packet to deliver.
const rest = 5 * time.Millisecond

// writeLimit is how long the bridge may take to read what is put back.
const writeLimit = 10 * time.Second

// session is one connection to the bridge.
type session struct {
	conn net.Conn
	gone chan struct{} // closed when it has ended

	mu    sync.Mutex // of what follows, and of writing
	xid   uint32
	pings map[uint32]chan struct{}

	// Of the goroutine that reads.
	keeper   *Keeper
	old      *replica // what the last ovs-vswitchd had, until this one's flows are known
	now      *replica
	began    time.Time
	sent     *replica // what is being put back
	inDoubt  int      // deletions that the barrier under way stands behind
	complete bool
}

// follow serves a connection until it ends, and returns the copy as it was then.
func (k *Keeper) follow(ctx context.Context, conn net.Conn, old *replica) (*replica, error) {
	s := &session{conn: conn, gone: make(chan struct{}), pings: make(map[uint32]chan struct{}),
		keeper: k, old: old, now: newReplica(k.cfg.Limit), began: time.Now()}
	defer close(s.gone)
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	err := s.write(appendWatch(nil))
	for reader := openflow.NewReader(conn); err == nil; {
		var m openflow.Message
		if m, err = reader.Next(); err == nil {
			err = s.take(m)
		}
		if s.complete && reader.Buffered() == 0 {
			s.rest(ctx)
		}
	}
	if s.complete {
		k.publish(nil)
	}
	_ = conn.Close() // err is why
	s.now.disbelieve()
	switch {
	case s.sent != nil: // it died over what was put back
		return s.sent, err
	case !s.complete:
		return s.old, err
	}
	k.count(s.now)
	return s.now, err
}

// rest waits, but not while somebody asks whether the bridge lives.
func (s *session) rest(ctx context.Context) {
	s.mu.Lock()
	asked := len(s.pings) > 0
	s.mu.Unlock()
	if asked {
		return
	}
	select {
	case <-ctx.Done():
	case <-time.After(rest):
	}
}

func (s *session) write(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(b) == 0 {
		return nil
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	_, err := s.conn.Write(b)
	return err
}

// take handles one message of the bridge.
func (s *session) take(m openflow.Message) error {
	switch m.Type() {
	case openflow.TypeMultipartReply:
		return s.reply(m)
	case openflow.TypeBarrierReply:
		return s.barrier(m.XID())
	case openflow.TypeExperimenter:
		var c openflow.BundleControl
		if c.Decode(m) == nil && c.Command == openflow.BundleCommitted {
			s.restored(nil)
		}
	case openflow.TypeError:
		return s.refused(m)
	case openflow.TypeEchoRequest:
		return s.write((&openflow.EchoReply{Data: m.Body()}).Append(nil, m.XID()))
	}
	return nil
}

// reply takes flows and meters in.
func (s *session) reply(m openflow.Message) error {
	var p openflow.Multipart
	if err := p.DecodeReply(m); err != nil {
		return err
	}
	switch p.Type {
	case openflow.MultipartExperimenter:
		if err := s.updates(p.Body); err != nil {
			return err
		}
		if m.XID() == xidWatch && !p.More {
			return s.begin()
		}
	case openflow.MultipartMeterConfig:
		return s.meters(p.Body)
	}
	return nil
}

func (s *session) updates(body []byte) error {
	body, err := openflow.FlowUpdates(body)
	ask := make(map[uint32]bool)
	for err == nil && len(body) > 0 {
		var u openflow.FlowUpdate
		if body, err = u.Next(body); err == nil {
			s.now.apply(&u, ask)
		}
	}
	if err != nil {
		return fmt.Errorf("flow updates: %w", err)
	}
	s.keeper.count(s.now)
	b := appendQuestions(nil, ask)
	if s.inDoubt == 0 && len(s.now.doubted) > 0 {
		s.inDoubt = len(s.now.doubted)
		b = appendBarrier(b, xidDoubt)
	}
	return s.write(b)
}

func (s *session) meters(body []byte) (err error) {
	var c openflow.MeterConfig
	for err == nil && len(body) > 0 {
		if body, err = c.Next(body); err == nil {
			s.now.learn(c)
		}
	}
	return err
}

// begin knows what the bridge has: if that is nothing, what the last one had
// goes back.
func (s *session) begin() error {
	if len(s.now.flows) > 0 || len(s.old.flows) == 0 {
		s.publish()
		return nil
	}
	s.sent = s.old
	return s.write(s.sent.appendAll(nil))
}

func (s *session) publish() {
	s.complete, s.old = true, nil
	s.keeper.publish(s)
}

// restored ends putting back; err is the bridge's refusal.
func (s *session) restored(err error) {
	if s.sent == nil {
		return
	}
	log, took := s.keeper.cfg.Log, time.Since(s.began)
	if err != nil {
		log.Error("flows are not put back", "flows", len(s.sent.flows), "error", err)
	} else {
		log.Info("flows are put back", "flows", len(s.sent.flows), "meters", len(s.sent.meters), "took", took)
		s.now, s.inDoubt = s.sent, 0 // the updates say it once more
	}
	s.keeper.countRestore(took, err)
	s.sent = nil
	s.publish()
}

func (s *session) barrier(xid uint32) error {
	if xid == xidDoubt {
		s.now.believe(s.inDoubt)
		s.inDoubt = len(s.now.doubted)
		s.keeper.count(s.now)
		if s.inDoubt > 0 {
			return s.write(appendBarrier(nil, xidDoubt))
		}
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if done := s.pings[xid]; done != nil {
		close(done)
		delete(s.pings, xid)
	}
	return nil
}

func (s *session) refused(m openflow.Message) error {
	e := new(openflow.ErrorMessage)
	if err := e.Decode(m); err != nil {
		return err
	}
	switch m.XID() {
	case xidWatch: // Open vSwitch before 2.16: live without a copy
		s.keeper.cfg.Log.Warn("flows are not kept", "error", e)
		s.publish()
	case xidBundle:
		s.restored(e)
	}
	return nil
}

// ping asks whether the bridge behind this connection lives.
func (s *session) ping(ctx context.Context) error {
	done := make(chan struct{})
	s.mu.Lock()
	s.xid++
	xid := xidPing + s.xid%(1<<30)
	s.pings[xid] = done
	s.mu.Unlock()
	if err := s.write(appendBarrier(nil, xid)); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-s.gone:
		return errGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// errGone is never changed.
var errGone = errors.New("ovs-vswitchd went away")
