// SPDX-License-Identifier: Apache-2.0

package fabric_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm/fabric"
)

// paths are direct paths that the test makes up.
type paths struct {
	mu           sync.Mutex
	peers        []linkspan.ChassisID
	proved, lost []linkspan.ChassisID
	changed      chan struct{}
}

var _ fabric.Paths = (*paths)(nil)

func (p *paths) SetPeers(peers []linkspan.ChassisID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.peers = peers
}

func (p *paths) Paths() (proved, lost []linkspan.ChassisID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.proved, p.lost
}

func (p *paths) Changed() <-chan struct{} { return p.changed }

func (p *paths) become(proved, lost []linkspan.ChassisID) {
	p.mu.Lock()
	p.proved, p.lost = proved, lost
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

func (p *paths) probed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprint(p.peers)
}

func (c *controller) told(text string) func() bool {
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Contains(c.paths, text)
	}
}

func TestPathsAreToldWithAcknowledgements(t *testing.T) {
	c := newController(t)
	c.snapshot.Peers = []*apiv1.Peer{{Chassis: 2, Name: "h2", Underlay: "192.0.2.2"}, {Chassis: 3, Name: "h3", Underlay: "192.0.2.3"}}
	p := &paths{changed: make(chan struct{}, 1)}
	p.become(nil, nil)
	h := newHost(t, c, localStore(t), func(cfg *fabric.Config) { cfg.Paths = p })
	eventually(t, "the first acknowledgement knows nothing", c.told("1 false [] []"))
	eventually(t, "the peers are probed", func() bool { return p.probed() == "[2 3]" })
	p.become([]linkspan.ChassisID{2}, []linkspan.ChassisID{3})
	eventually(t, "what was proved is told", c.told("1 false [2] [3]"))
	c.say(&apiv1.ChassisServiceFollowResponse{Sequence: 2, PeersRemoved: []uint32{3}})
	eventually(t, "the other peer is not probed any more", func() bool { return p.probed() == "[2]" })
	h.stop()
}

func TestAHostWithoutADirectPortSaysSo(t *testing.T) {
	c := newController(t)
	newHost(t, c, localStore(t))
	eventually(t, "it says so", c.told("1 true [] []"))
}
