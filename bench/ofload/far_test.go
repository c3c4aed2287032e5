// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// peer is the controller's end of a session.
type peer struct {
	*Switch
	conn   net.Conn
	reader *openflow.Reader
}

func newPeer(t *testing.T, dpid uint64) *peer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s, err := Dial(t.Context(), Options{Address: l.Addr().String(), DPID: dpid})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	p := &peer{s, conn, openflow.NewReader(conn)}
	p.await(t, openflow.TypeHello)
	p.send(t, greeting())
	p.await(t, openflow.TypeFeaturesReply)
	if err := s.Ready(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) send(t *testing.T, b []byte) {
	t.Helper()
	if _, err := p.conn.Write(b); err != nil {
		t.Fatal(err)
	}
}

func (p *peer) await(t *testing.T, want openflow.Type) openflow.Message {
	t.Helper()
	for {
		m, err := p.reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if m.Type() == want {
			return m
		}
	}
}

// halted waits until the run's time of asking is over.
func (p *peer) halted(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.Now().Add(20 * time.Second)
	for {
		p.mu.Lock()
		over := p.asked > 0 && p.window == 0
		p.mu.Unlock()
		if over {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the run goes on asking")
		}
		<-tick.C
	}
}

const tunnel = 65001

func endpoint(last byte, port uint32) Host {
	return Host{Addr: netip.AddrFrom4([4]byte{10, 0, 0, last}), MAC: openflow.MAC{2, 0, 0, 0, 0, last}, Port: port}
}

// crossing is the one question: 10.0.0.1 here asks for 10.0.0.2 there.
func crossing(far *Switch) Question {
	a, b := endpoint(1, 1), endpoint(2, 2)
	return Question{
		From: a, To: b, Out: tunnel, Far: far, FarIn: tunnel,
		Flows:    []Flow{{From: a, To: b, Out: tunnel, Network: 7}, {From: b, To: a, Out: 1, Network: 7}},
		FarFlows: []Flow{{From: a, To: b, Out: 2, Network: 7}, {From: b, To: a, Out: tunnel, Network: 7}},
	}
}

func flow(network uint32, from, to byte, out uint32) []byte {
	var m openflow.Match
	m.Reg(0, network).EthType(0x0800).IPv4Src(endpoint(from, 0).Addr).IPv4Dst(endpoint(to, 0).Addr)
	mod := openflow.FlowMod{Match: m.View(), Instructions: openflow.Instructions(nil).Apply(openflow.Actions(nil).Output(out, 0))}
	return mod.Append(nil, 0)
}

// exchange asks once and plays the controller: far flows, barrier if the far
// side is told at all, near flows, packet.
func exchange(t *testing.T, farFlows [][]byte, nearFlows ...[]byte) Faults {
	t.Helper()
	return exchangeBy(t, false, farFlows, nearFlows...)
}

// exchangeBy is exchange, the packet being carried by the far switch or not.
func exchangeBy(t *testing.T, carried bool, farFlows [][]byte, nearFlows ...[]byte) Faults {
	t.Helper()
	near, far := newPeer(t, 1), newPeer(t, 2)
	if err := near.Prepare([]Question{crossing(far.Switch)}); err != nil {
		t.Fatal(err)
	}
	result := make(chan Result, 1)
	go func() {
		r, err := Run(t.Context(), []*Switch{near.Switch, far.Switch}, Load{Window: 1, Duration: time.Millisecond, Drain: 10 * time.Second})
		if err != nil {
			t.Error(err)
		}
		result <- r
	}()
	var in openflow.PacketIn
	if err := in.Decode(near.await(t, openflow.TypePacketIn)); err != nil {
		t.Fatal(err)
	}
	near.halted(t) // so that it is asked once
	for _, f := range farFlows {
		far.send(t, f)
	}
	if carried {
		out := openflow.PacketOut{InPort: tunnel, Actions: openflow.Actions(nil).Output(openflow.PortTable, 0), Data: in.Data}
		far.send(t, out.Append(nil, 0))
	}
	far.send(t, (&openflow.BarrierRequest{}).Append(nil, 9))
	if m := far.await(t, openflow.TypeBarrierReply); m.XID() != 9 {
		t.Fatalf("the barrier's reply is %s", m)
	}
	for _, f := range nearFlows {
		near.send(t, f)
	}
	if !carried {
		out := openflow.PacketOut{InPort: 1, Actions: openflow.Actions(nil).Output(tunnel, 0), Data: in.Data}
		near.send(t, out.Append(nil, 0))
	}
	r := <-result
	if !carried && r.Latency.Count() != 1 {
		t.Fatalf("%d answers were taken: %s", r.Latency.Count(), &r.Faults)
	}
	return r.Faults
}

func TestRouteOverTwoSwitches(t *testing.T) {
	faults := exchange(t, [][]byte{flow(7, 1, 2, 2), flow(7, 2, 1, tunnel)}, flow(7, 1, 2, tunnel), flow(7, 2, 1, 1))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
}

// The packet may go to the far switch, behind its flows.
func TestPacketIsCarried(t *testing.T) {
	faults := exchangeBy(t, true, [][]byte{flow(7, 1, 2, 2), flow(7, 2, 1, tunnel)}, flow(7, 1, 2, tunnel), flow(7, 2, 1, 1))
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	faults = exchangeBy(t, true, [][]byte{flow(7, 1, 2, 2)}, flow(7, 2, 1, 1), flow(7, 1, 2, tunnel))
	if faults.NoFlow != 1 || faults.Missing != 1 {
		t.Fatalf("without one of the far flows: %s", &faults)
	}
}

func TestFarFlowsAreNeeded(t *testing.T) {
	faults := exchange(t, [][]byte{flow(7, 1, 2, 2)}, flow(7, 1, 2, tunnel), flow(7, 2, 1, 1))
	if faults.NoFlow != 1 {
		t.Fatalf("without one of the far flows: %s", &faults)
	}
}

func TestFarFlowsAreChecked(t *testing.T) {
	faults := exchange(t, [][]byte{flow(7, 1, 2, 3), flow(8, 2, 1, tunnel)}, flow(7, 1, 2, tunnel), flow(7, 2, 1, 1))
	if faults.WrongFlow != 2 || faults.NoFlow != 1 {
		t.Fatalf("with another port and another network: %s", &faults)
	}
}

// What a PacketIn looks like follows from the flows that the controller has
// installed.
func TestPacketInsAreAsTheFlowsSay(t *testing.T) {
	p := newPeer(t, 1)
	var classify, punt openflow.Match
	classify.InPort(1)
	punt.InPort(1).EthType(0x0800)
	first := openflow.FlowMod{Match: classify.View(), Instructions: openflow.Instructions(nil).
		Apply(openflow.Actions(nil).SetUint(openflow.Reg(0), 7).SetUint(openflow.Reg(1), 1)).GotoTable(30)}
	last := openflow.FlowMod{TableID: 30, Priority: 10, Cookie: 0xabc, Match: punt.View(), Instructions: openflow.Instructions(nil).
		Meter(1).Apply(openflow.Actions(nil).Output(openflow.PortController, openflow.MaxLenNoBuffer))}
	bundle := openflow.BundleControl{BundleID: 1, Command: openflow.BundleOpen, Flags: openflow.BundleOrdered}
	b := bundle.Append(nil, 5)
	b = openflow.AppendBundleAdd(b, 6, 1, openflow.BundleOrdered, &first)
	b = openflow.AppendBundleAdd(b, 7, 1, openflow.BundleOrdered, &last)
	bundle.Command = openflow.BundleCommit
	p.send(t, bundle.Append(b, 8))
	for _, want := range []openflow.BundleCommand{openflow.BundleOpened, openflow.BundleCommitted} {
		if err := bundle.Decode(p.await(t, openflow.TypeExperimenter)); err != nil || bundle.Command != want {
			t.Fatalf("bundle %s, %v; want %s", bundle.Command, err, want)
		}
	}
	p.mu.Lock()
	message, err := p.learned.packetIn(1, []byte("frame"))
	p.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	var in openflow.PacketIn
	if err := in.Decode(message); err != nil {
		t.Fatal(err)
	}
	network, _ := in.Match.Uint(openflow.Reg(0))
	if in.TableID != 30 || in.Cookie != 0xabc || in.Reason != openflow.ReasonAction || in.Match.InPort() != 1 || network != 7 {
		t.Fatalf("table %d cookie %x %s, match %s", in.TableID, in.Cookie, in.Reason, in.Match)
	}
}
