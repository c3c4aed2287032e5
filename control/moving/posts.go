// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// posts hands tasks to the hosts that follow, and answers to who asked.
type posts struct {
	mu      sync.Mutex
	hosts   map[linkspan.ChassisID]*Post
	waiting map[uint64]asked
	next    uint64
}

type asked struct {
	host   linkspan.ChassisID
	answer chan *apiv1.CarryAnswer // with room for one
}

// newPosts numbers tasks above those of an earlier process, whose answers may come
// late.
func newPosts() *posts {
	return &posts{
		hosts: make(map[linkspan.ChassisID]*Post), waiting: make(map[uint64]asked), next: uint64(time.Now().UnixNano()),
	}
}

// Post is one host that follows its tasks.
type Post struct {
	posts *posts
	host  linkspan.ChassisID
	tasks chan *apiv1.CarryTask
	ended chan struct{} // closed when it does not follow any more
	once  sync.Once
}

// Attach begins to hand tasks to a host, and ends an earlier Post of it.
func (m *Mover) Attach(host linkspan.ChassisID) *Post {
	p := &Post{posts: m.posts, host: host, tasks: make(chan *apiv1.CarryTask), ended: make(chan struct{})}
	m.posts.mu.Lock()
	earlier := m.posts.hosts[host]
	m.posts.hosts[host] = p
	m.posts.mu.Unlock()
	if earlier != nil {
		earlier.end()
	}
	m.wakeAll()
	return p
}

// Tasks brings what the host is to do.
func (p *Post) Tasks() <-chan *apiv1.CarryTask { return p.tasks }

// Ended is closed when another Post took its place.
func (p *Post) Ended() <-chan struct{} { return p.ended }

// Close ends it: who waits for an answer has none.
func (p *Post) Close() {
	p.posts.mu.Lock()
	if p.posts.hosts[p.host] == p {
		delete(p.posts.hosts, p.host)
	}
	p.posts.mu.Unlock()
	p.end()
}

func (p *Post) end() { p.once.Do(func() { close(p.ended) }) }

// Answer takes what came of a task; one that nobody waits for has code NotFound.
func (m *Mover) Answer(host linkspan.ChassisID, task uint64, a *apiv1.CarryAnswer) error {
	m.posts.mu.Lock()
	defer m.posts.mu.Unlock()
	w, ok := m.posts.waiting[task]
	if !ok || w.host != host || a == nil {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "nobody waits for this answer"}
	}
	delete(m.posts.waiting, task)
	readable(a)
	w.answer <- a
	return nil
}

// follows says whether a host takes part in moves, at this moment.
func (p *posts) follows(host linkspan.ChassisID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hosts[host] != nil
}

// ask has a host do a task. The error of one that is away, or went meanwhile, is an
// awayError: whether the task was done is not known. Other errors are the host's.
func (p *posts) ask(ctx context.Context, host linkspan.ChassisID, t *apiv1.CarryTask) (a *apiv1.CarryAnswer, err error) {
	p.mu.Lock()
	post := p.hosts[host]
	if post == nil {
		p.mu.Unlock()
		return nil, awayError{}
	}
	p.next++
	t.Id = p.next
	w := asked{host, make(chan *apiv1.CarryAnswer, 1)}
	p.waiting[t.Id] = w
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, t.Id)
	}()
	select {
	case post.tasks <- t:
	case <-post.ended:
		return nil, awayError{}
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case a := <-w.answer:
		return a, answered(a)
	case <-post.ended:
		err = awayError{}
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	select { // it may have come at the same time
	case a := <-w.answer:
		return a, answered(a)
	default:
		return nil, err
	}
}

func answered(a *apiv1.CarryAnswer) error {
	if a.GetError() == "" {
		return nil
	}
	return &linkspan.Error{Code: linkspan.ParseCode(a.GetCode()), Message: a.GetError(), Hint: a.GetHint()}
}

// awayError is that of a host of which it is not known what it did.
type awayError struct{ after time.Duration } // that it did not answer; 0: it is not connected

// Error implements error.
func (e awayError) Error() string {
	if e.after > 0 {
		return "it did not answer within " + e.after.String()
	}
	return "the host is away"
}
