// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/store"
	"github.com/linkspan/linkspan/trust"
)

// following is what a chassis that follows was told.
type following struct {
	t    *testing.T
	told chan *apiv1.ChassisServiceFollowResponse
	end  chan error
	stop context.CancelFunc
}

// follow begins to follow as a chassis at an underlay address.
func (c host) follow(t *testing.T, underlay string) *following {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	f := &following{t: t, told: make(chan *apiv1.ChassisServiceFollowResponse, 100), end: make(chan error, 1), stop: cancel}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stream, err := c.Chassis.Follow(ctx, connect.NewRequest(&apiv1.ChassisServiceFollowRequest{Version: "2.0", Underlay: underlay, Mtu: 9000}))
		if err != nil {
			f.end <- err
			return
		}
		for stream.Receive() {
			f.told <- stream.Msg()
		}
		f.end <- stream.Err()
		_ = stream.Close()
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return f
}

// next returns the next message.
func (f *following) next() *apiv1.ChassisServiceFollowResponse {
	f.t.Helper()
	select {
	case m := <-f.told:
		return m
	case err := <-f.end:
		f.t.Fatalf("the stream ended: %v", err)
	case <-time.After(patience):
		f.t.Fatal("nothing is told")
	}
	return nil
}

// until reads on until a message fits, and returns it.
func (f *following) until(fits func(*apiv1.ChassisServiceFollowResponse) bool) *apiv1.ChassisServiceFollowResponse {
	f.t.Helper()
	for {
		if m := f.next(); fits(m) {
			return m
		}
	}
}

// ended returns how the stream ended.
func (f *following) ended() error {
	f.t.Helper()
	select {
	case err := <-f.end:
		return err
	case <-time.After(patience):
		f.t.Fatal("the stream does not end")
		return nil
	}
}

func peers(m *apiv1.ChassisServiceFollowResponse) string {
	var names []string
	for _, p := range m.GetPeers() {
		names = append(names, p.GetName()+"@"+p.GetUnderlay())
	}
	for _, id := range m.GetPeersRemoved() {
		names = append(names, fmt.Sprintf("-%d", id))
	}
	return strings.Join(names, " ")
}

func hasPeers(want string) func(*apiv1.ChassisServiceFollowResponse) bool {
	return func(m *apiv1.ChassisServiceFollowResponse) bool { return peers(m) == want }
}

func TestFollowBeginsWithASnapshot(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	web := h.network("web", "10.7.0.0/24")
	addr := h1.run(t, web, "web1", 11)
	h.eventually("the endpoint is in the view", func() bool {
		return len(slices.Collect(h.hub.View().Attached(h1.id))) == 1
	})
	m := h1.follow(t, "192.0.2.77").next()
	if !m.GetSnapshot() || m.GetSequence() == 0 || len(m.GetNetworks()) != 1 || m.GetNetworks()[0].GetName() != "web" {
		t.Errorf("got %v", m)
	}
	if len(m.GetEndpoints()) != 1 || m.GetEndpoints()[0].GetAddress() != addr || m.GetEndpoints()[0].GetNetworkName() != "web" {
		t.Errorf("own endpoints: %v", m.GetEndpoints())
	}
	c, err := h.store.Chassis(t.Context(), h1.id)
	if err != nil || c.Underlay.String() != "192.0.2.77" || c.MTU != 9000 || c.Version != "2.0" {
		t.Errorf("where it is now is not stored: %+v, %v", c, err)
	}
}

func TestFollowTellsOfNetworks(t *testing.T) {
	h := build(t)
	f := h.join("h1").follow(t, "192.0.2.1")
	first := f.next()
	if !first.GetSnapshot() || len(first.GetNetworks()) != 0 {
		t.Errorf("got %v", first)
	}
	web := h.network("web", "10.7.0.0/24")
	m := f.next()
	if m.GetSnapshot() || m.GetSequence() <= first.GetSequence() || len(m.GetNetworks()) != 1 || m.GetNetworks()[0].GetId() != uint32(web) {
		t.Errorf("a new network: got %v", m)
	}
	if err := remove(t, h.local(), "web"); err != nil {
		t.Fatal(err)
	}
	m = f.until(func(m *apiv1.ChassisServiceFollowResponse) bool { return len(m.GetNetworksRemoved()) > 0 })
	if m.GetNetworksRemoved()[0] != uint32(web) || len(m.GetNetworks()) != 0 {
		t.Errorf("a network that went: got %v", m)
	}
}

func TestFollowRefusals(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	for _, underlay := range []string{"", "nonsense", "0.0.0.0", "224.0.0.1"} {
		refused(t, h1.follow(t, underlay).ended(), linkspan.Invalid)
	}
}

// Two chassis with one network are ready for a route only once each has
// acknowledged the other.
func TestPeersAndAcknowledgements(t *testing.T) {
	h := build(t)
	h1, h2 := h.join("h1"), h.join("h2")
	web := h.network("web", "10.7.0.0/24")
	f1, f2 := h1.follow(t, "192.0.2.1"), h2.follow(t, "192.0.2.2")
	f1.next()
	f2.next()
	h1.run(t, web, "a", 11)
	addr := h2.run(t, web, "b", 11)
	m1, m2 := f1.until(hasPeers("h2@192.0.2.2")), f2.until(hasPeers("h1@192.0.2.1"))
	ready := make(chan struct{})
	if is, _ := h.peering.Await(h1.id, h2.id, func() { close(ready) }); is {
		t.Error("ready before anybody acknowledged")
	}
	acknowledge := func(c host, sequence uint64) {
		t.Helper()
		if _, err := c.Chassis.Acknowledge(t.Context(), connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{Sequence: sequence})); err != nil {
			t.Fatal(err)
		}
	}
	waits := func() bool {
		select {
		case <-ready:
			return false
		default:
			return true
		}
	}
	acknowledge(h1, m1.GetSequence())
	acknowledge(h2, m2.GetSequence()-1) // of what came before
	if !waits() {
		t.Error("ready before both acknowledged")
	}
	acknowledge(h2, m2.GetSequence())
	if waits() {
		t.Error("not ready though both acknowledged")
	}
	// One moves to another address: told anew, and to be acknowledged anew.
	h2.follow(t, "192.0.2.22").next()
	f1.until(hasPeers("h2@192.0.2.22"))
	if is, _ := h.peering.Await(h1.id, h2.id, func() {}); is {
		t.Error("ready with an address that nobody acknowledged")
	}
	if err := h2.release(t.Context(), web, addr); err != nil {
		t.Fatal(err)
	}
	f1.until(hasPeers(fmt.Sprintf("-%d", h2.id)))
}

func TestNewStreamReplacesTheOld(t *testing.T) {
	h := build(t)
	h1 := h.join("h1")
	old := h1.follow(t, "192.0.2.1")
	first := old.next()
	second := h1.follow(t, "192.0.2.1").next()
	refused(t, old.ended(), linkspan.Conflict)
	if !second.GetSnapshot() || second.GetSequence() <= first.GetSequence() {
		t.Errorf("got %d, then %d", first.GetSequence(), second.GetSequence())
	}
}

func TestFollowEndsWhenTheCertificateIsRevoked(t *testing.T) {
	h := build(t)
	h.server.Recheck(time.Millisecond)
	h1, h2 := h.join("h1"), h.join("h2")
	f1, f2 := h1.follow(t, "192.0.2.1"), h2.follow(t, "192.0.2.2")
	f1.next()
	f2.next()
	who := h1.keeper.KeyPair().Identity()
	r := trust.RevokeName(who, trust.Identity{}, "stolen", time.Now(), time.Hour)
	if err := store.Revocations[trust.Revocation](h.store).Put(t.Context(), "h1", r); err != nil {
		t.Fatal(err)
	}
	err := f1.ended()
	refused(t, err, linkspan.Unauthenticated)
	if !strings.Contains(err.Error(), "stolen") {
		t.Errorf("why is not said: %v", err)
	}
	// On the connection that stands, calls are refused too, in words.
	_, err = h1.Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	refused(t, err, linkspan.Unauthenticated)
	if !strings.Contains(err.Error(), "stolen") || linkspan.HintOf(api.FromRPC(err)) == "" {
		t.Errorf("why and what to do is not said: %v", err)
	}
	// So are new connections, at the handshake.
	_, err = h.connect(h1.keeper).Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
	if err == nil {
		t.Error("a revoked certificate connects anew")
	}
	select {
	case err := <-f2.end:
		t.Errorf("another chassis's stream ended: %v", err)
	default:
	}
}
