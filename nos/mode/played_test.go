// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/wire/openflow"
)

// played is a bridge without flows that has interfaces a and b, and says nothing unasked.
type played struct {
	refuse   atomic.Int32 // bundles, the next ones
	accepted atomic.Int32 // bundles
	news     []byte       // sent after each list of interfaces
	failing  atomic.Bool  // takes no patches away
	guests   []ovs.Guest

	runs sync.WaitGroup
}

// keeper returns a keeper of it, which nobody runs yet.
func (b *played) keeper(t *testing.T) *Keeper {
	k := New(Options{Dial: b.dial, Ports: b, Guests: b})
	t.Cleanup(b.runs.Wait)
	return k
}

// run has a keeper run until the test ends.
func (b *played) run(t *testing.T, k *Keeper) {
	ctx, cancel := context.WithCancel(t.Context())
	var kept sync.WaitGroup
	kept.Go(func() { _ = k.Run(ctx) })
	t.Cleanup(func() { cancel(); kept.Wait() })
}

func (b *played) dial(context.Context) (net.Conn, error) {
	near, far := net.Pipe()
	b.runs.Go(func() { b.serve(far) })
	return near, nil
}

func (b *played) serve(conn net.Conn) {
	defer conn.Close()
	for r := openflow.NewReader(conn); ; {
		m, err := r.Next()
		if err == nil {
			_, err = conn.Write(b.answer(m))
		}
		if err != nil {
			return
		}
	}
}

func (b *played) answer(m openflow.Message) []byte {
	var part openflow.Multipart
	var control openflow.BundleControl
	switch {
	case m.Type() == openflow.TypeBarrierRequest:
		return new(openflow.BarrierReply).Append(nil, m.XID())
	case m.Type() == openflow.TypeMultipartRequest && part.DecodeRequest(m) == nil:
		reply := openflow.Multipart{Type: part.Type}
		if part.Type != openflow.MultipartPortDesc {
			return reply.AppendReply(nil, m.XID())
		}
		reply.Body = described("b", 2).Append(described("a", 1).Append(nil))
		return append(reply.AppendReply(nil, m.XID()), b.news...)
	case control.Decode(m) == nil && control.Command == openflow.BundleCommit:
		if b.refuse.Add(-1) >= 0 {
			return (&openflow.ErrorMessage{Type: openflow.ErrorFlowModFailed, Code: openflow.CodeTableFull, Data: m[:8]}).Append(nil, m.XID())
		}
		b.accepted.Add(1)
		control.Command = openflow.BundleCommitted
		return control.Append(nil, m.XID())
	}
	return nil
}

func described(name string, number uint32) *openflow.Port {
	p := &openflow.Port{Number: number}
	p.SetName(name)
	return p
}

func (*played) AddJoints(context.Context, string, []ovs.Joint) error { return nil }

func (b *played) DelJoints(context.Context, string, []ovs.Joint) error {
	if b.failing.Load() {
		return errAway
	}
	return nil
}

func (*played) Ports(context.Context) ([]ovs.PortStatus, error) { return nil, nil }

func (b *played) SetGuests(_ context.Context, guests []ovs.Guest) error {
	b.guests = guests
	return nil
}

// office is what a configuration wishes whose ports the controller decides about, in VLAN 10.
func office(ports ...string) *wish {
	w := &wish{bridge: true, mode: "hybrid", vlans: []vlan{{id: 10, network: "office"}}}
	for _, name := range ports {
		w.ports = append(w.ports, port{name: name, devices: []string{name}, access: true, untagged: 10, control: "sdn"})
	}
	return w
}

// was says that a configuration was applied before.
func (k *Keeper) was(w *wish) {
	k.mu.Lock()
	k.is.wish, k.told = w, true
	k.mu.Unlock()
	k.needs(w.needsBridge())
}

func (k *Keeper) there() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.live != nil
}

func TestABridgeThatRefusesFlowsIsTriedAgain(t *testing.T) {
	b := new(played)
	b.refuse.Store(2)
	k := b.keeper(t)
	k.was(office("a"))
	b.run(t, k)
	ovstest.Eventually(t, "it has taken the flows", func() bool { return b.accepted.Load() > 0 && k.there() })
}

// What is refused is neither written later nor waited for by anybody.
func TestARefusedConfigurationLeavesTheOneBefore(t *testing.T) {
	b := new(played)
	k := b.keeper(t)
	k.was(office("a"))
	b.run(t, k)
	ovstest.Eventually(t, "it has the flows", func() bool { return b.accepted.Load() > 0 && k.there() })
	want := office("a", "b")
	want.foreign = []foreign{{name: "lab", address: netip.MustParseAddrPort("192.0.2.9:6653")}}
	before := k.is.wish
	for range 2 {
		b.refuse.Store(1)
		p := &plan{k: k, want: want}
		if err := p.Apply(t.Context()); err == nil {
			t.Fatal("nothing was refused")
		}
		if k.is.wish != before || len(b.guests) != 0 {
			t.Errorf("wished is %+v, with the guests %+v", k.is.wish, b.guests)
		}
	}
}

// records are what a host that is unplugged gives back.
type records struct {
	Fabric
	Numbers
	released, freed int
}

func (r *records) Release(context.Context, linkspan.NetworkID, netip.Addr) error {
	r.released++
	return nil
}

func (r *records) Free(string) { r.freed++ }

func TestAHostWhosePatchStaysKeepsItsNumber(t *testing.T) {
	b, r := new(played), new(records)
	k := b.keeper(t)
	k.gone = []*station{{sighting: seen(1, "a"), number: 100}, {sighting: seen(2, "b")}}
	link := &Link{Fabric: r, Bridge: "br-link", Numbers: r}
	b.failing.Store(true)
	if err := k.unplug(t.Context(), link); err == nil || r.released+r.freed != 0 || len(k.gone) != 1 {
		t.Errorf("the patch stayed: %v, %+v, %v", err, r, k.gone)
	}
	b.failing.Store(false)
	if err := k.unplug(t.Context(), link); err != nil || r.released != 1 || r.freed != 1 || len(k.gone) != 0 {
		t.Errorf("it was not given back: %v, %+v, %v", err, r, k.gone)
	}
}

func TestAnInterfaceThatComesDuringALookIsKnown(t *testing.T) {
	b := new(played)
	b.news = (&openflow.PortStatus{Reason: openflow.PortAdd, Port: *described("late", 3)}).Append(nil, 0)
	k := b.keeper(t)
	k.was(office("a"))
	b.run(t, k)
	ovstest.Eventually(t, "it is there", k.there)
	for range 20 {
		if err := k.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		ovstest.Eventually(t, "the interface that came after the list is known", func() bool {
			k.mu.Lock()
			defer k.mu.Unlock()
			return k.devices["late"].number == 3
		})
	}
}

func TestABridgeThatNothingNeedsIsNotDialledAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dialled atomic.Int32
		k := New(Options{Ports: new(played), Dial: func(context.Context) (net.Conn, error) {
			dialled.Add(1)
			return nil, errAway
		}})
		new(played).run(t, k)
		time.Sleep(time.Hour)
		if n := dialled.Load(); n != 1 {
			t.Errorf("%d times at rest", n)
		}
		k.was(office("a"))
		time.Sleep(time.Minute)
		before := dialled.Load()
		if before < 30 {
			t.Errorf("%d times although it is needed", before)
		}
		if err := k.arrange(t.Context(), arrangement{wish: new(wish)}); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Hour)
		if n := dialled.Load(); n > before+1 {
			t.Errorf("%d times more when it is not needed any more", n-before)
		}
	})
}
