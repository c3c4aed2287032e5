// SPDX-License-Identifier: Apache-2.0

package session

import (
	"sync"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// call is a request that waits for its reply. take gets each reply message and
// says whether more will follow; it gets nil and an error, once, when none
// will. It is never called twice at a time, nor after drop.
type call struct {
	deadline time.Time // zero: the caller sees to it
	take     func(m openflow.Message, err error) (more bool)

	mu   sync.Mutex
	over bool
}

// give calls take unless the call is over.
func (c *call) give(m openflow.Message, err error) (more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over = !c.take(m, err)
	}
	return !c.over
}

// pending holds the calls by transaction id.
type pending struct {
	mu    sync.Mutex
	calls map[uint32]*call
	over  error // why no call is taken any more
}

// add returns an error when the session has ended.
func (p *pending) add(xid uint32, c *call) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over == nil {
		p.calls[xid] = c
	}
	return p.over
}

// none says whether nothing waits for a reply.
func (p *pending) none() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls) == 0
}

// drop forgets a call. A take that runs is waited for.
func (p *pending) drop(xid uint32) {
	p.mu.Lock()
	c := p.calls[xid]
	delete(p.calls, xid)
	p.mu.Unlock()
	if c != nil {
		c.mu.Lock()
		c.over = true
		c.mu.Unlock()
	}
}

// reply hands a reply, or an error, to the call of its xid. It returns false
// when there is none.
func (p *pending) reply(xid uint32, m openflow.Message, err error) bool {
	p.mu.Lock()
	c, ok := p.calls[xid]
	p.mu.Unlock()
	if ok && !c.give(m, err) {
		p.mu.Lock()
		delete(p.calls, xid)
		p.mu.Unlock()
	}
	return ok
}

// expire fails the calls whose deadline has passed.
func (p *pending) expire(now time.Time, err error) {
	p.fail(err, func(c *call) bool { return !c.deadline.IsZero() && now.After(c.deadline) })
}

// end fails all calls, and those to come are not taken.
func (p *pending) end(err error) {
	p.mu.Lock()
	p.over = err
	p.mu.Unlock()
	p.fail(err, func(*call) bool { return true })
}

func (p *pending) fail(err error, which func(*call) bool) {
	var failed []*call
	p.mu.Lock()
	for xid, c := range p.calls {
		if which(c) {
			failed = append(failed, c)
			delete(p.calls, xid)
		}
	}
	p.mu.Unlock()
	for _, c := range failed {
		c.give(nil, err)
	}
}
