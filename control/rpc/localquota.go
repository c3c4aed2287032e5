// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"fmt"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store"
)

// What one switch may tell of the networks that it has alone, many times what a
// host runs. A few calls at once may go beyond.
const (
	maxLocalNetworks  = 1024
	maxLocalEndpoints = 4096
	maxLocalBytes     = 8 << 20 // of all records
)

// mayTell refuses what makes more of a chassis's records than there may be. What
// makes less of them is never refused.
func (s *Server) mayTell(id linkspan.ChassisID, change *store.LocalChange) error {
	v := s.hub.View()
	networks, endpoints, size := v.LocalUse(id)
	more := [3]int{}
	for i := range change.Put.Networks {
		n := &change.Put.Networks[i]
		more[2] += n.Size()
		if old := v.LocalNetwork(id, n.ID); old != nil {
			more[2] -= old.Size()
		} else {
			more[0]++
		}
	}
	for i := range change.Put.Endpoints {
		e := &change.Put.Endpoints[i]
		more[2] += e.Size()
		if old := v.LocalEndpoint(id, e.ID); old != nil {
			more[2] -= old.Size()
		} else {
			more[1]++
		}
	}
	for _, gone := range change.RemovedNetworks {
		if old := v.LocalNetwork(id, gone); old != nil {
			more[0]--
			more[2] -= old.Size()
		}
	}
	for _, gone := range change.RemovedEndpoints {
		if old := v.LocalEndpoint(id, gone); old != nil {
			more[1]--
			more[2] -= old.Size()
		}
	}
	for i, is := range [3]struct {
		has, most int
		what      string
	}{
		{networks, maxLocalNetworks, "networks of its own"},
		{endpoints, maxLocalEndpoints, "endpoints in networks of its own"},
		{size, maxLocalBytes, "bytes of records about networks of its own"},
	} {
		if more[i] > 0 && is.has+more[i] > is.most {
			return &linkspan.Error{
				Code: linkspan.Exhausted, Message: fmt.Sprintf("this switch would have %d %s, %d is the most that is kept", is.has+more[i], is.what, is.most),
				Hint: "what is beyond runs, and is not known to the controller",
			}
		}
	}
	return nil
}

// How often one switch may ask or tell of its own networks: so many times at
// once, and one more after each pause. Each time it may bring many changes.
const (
	paceBurst = 20
	pacePause = 100 * time.Millisecond
)

// pace bounds the calls of each chassis. The zero pace is ready.
type pace struct {
	mu   sync.Mutex
	next map[linkspan.ChassisID]time.Time // when all that was called is paid for
}

// allow refuses a call that comes too soon after many others.
func (p *pace) allow(id linkspan.ChassisID, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == nil {
		p.next = make(map[linkspan.ChassisID]time.Time)
	}
	paid := p.next[id]
	if paid.Before(now) {
		paid = now
	}
	if paid.Sub(now) >= paceBurst*pacePause {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "this switch tells of its networks too often", Hint: "try again"}
	}
	p.next[id] = paid.Add(pacePause)
	return nil
}
