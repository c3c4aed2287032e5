// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

const trackedIdle = 30 * time.Second

// trackedWorld is two chassis: .2 and .3 on the first, .4 and .5 on the second; ::2 to ::5
// of IPv6 are the same endpoints.
type trackedWorld struct {
	t      *testing.T
	ctx    context.Context
	hub    *control.Hub
	fabric *controltest.Fabric
	rules  *controltest.Rules

	mu  sync.Mutex
	got map[string]int // packets that arrived, by summaryOf
}

func trackedKey(last byte) view.Key {
	return view.Key{Network: 7, Address: netip.AddrFrom4([4]byte{10, 7, 0, last})}
}

func trackedKey6(last byte) view.Key {
	return view.Key{Network: 7, Address: netip.AddrFrom16([16]byte{0: 0xfd, 3: 7, 15: last})}
}

var (
	trackedEnds  = []view.Key{trackedKey(2), trackedKey(3), trackedKey(4), trackedKey(5)}
	trackedEnds6 = []view.Key{trackedKey6(2), trackedKey6(3), trackedKey6(4), trackedKey6(5)}
)

func chassisOf(key view.Key) linkspan.ChassisID {
	a := key.Address.AsSlice()
	return linkspan.ChassisID(a[len(a)-1] / 2)
}

// echoOf returns the ICMP of an end's family, and its types.
func echoOf(key view.Key) (protocol, request, reply uint8) {
	if key.Address.Is4() {
		return decide.ProtocolICMP, packet.ICMPEchoRequest, packet.ICMPEchoReply
	}
	return decide.ProtocolICMPv6, packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply
}

func inTrackedWorld(t *testing.T, test func(w *trackedWorld)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &trackedWorld{t: t, ctx: ctx, rules: controltest.NewRules(), got: make(map[string]int)}
		w.hub = control.New(control.Config{
			Log: slog.New(slog.DiscardHandler), Decide: w.rules.Decide, Judge: w.rules.Judge,
		})
		w.fabric = controltest.NewFabric(w.hub)
		w.fabric.Deliver = w.deliver
		w.hub.Update(view.PutNetwork(&linkspan.Network{
			ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.7.0.0/24"), Subnet6: netip.MustParsePrefix("fd00:7::/64"), Idle: trackedIdle,
		}))
		for i, key := range trackedEnds {
			last, second := key.Address.As4()[3], trackedEnds6[i].Address
			w.hub.Update(view.PutEndpoint(&linkspan.Endpoint{Network: 7, Address: second, Chassis: chassisOf(key)}), view.PutEndpoint(&linkspan.Endpoint{
				Network: 7, Address: key.Address, Address6: second, Chassis: chassisOf(key), Port: 10 + uint32(last), MAC: linkspan.MAC{2, 0, 0, 0, 0, last},
			}))
		}
		for id := linkspan.ChassisID(1); id <= 2; id++ {
			w.hub.Update(view.PutChassis(racingHost(id, "")))
			w.fabric.Connect(ctx, id)
		}
		synctest.Wait()
		test(w)
		cancel()
		w.fabric.Wait()
	})
}

func (w *trackedWorld) deliver(_ linkspan.ChassisID, _ uint32, frame []byte) {
	var p packet.Packet
	if packet.Parse(frame, &p) != nil {
		return
	}
	kind, _ := p.ICMPType()
	id, _, _ := p.ICMPEcho()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got[fmt.Sprint(p.Src(), p.Dst(), p.Proto(), p.SrcPort()+id, p.DstPort()+uint16(kind))]++
}

// arrives sends a packet and says whether it arrived.
func (w *trackedWorld) arrives(from, to view.Key, s controltest.Sent) bool {
	w.t.Helper()
	dst := s.Dst
	if echo, request, reply := echoOf(from); s.Protocol == echo {
		if dst = uint16(request); s.Reply {
			dst = uint16(reply)
		}
	}
	name := fmt.Sprint(from.Address, to.Address, s.Protocol, s.Src, dst)
	before := w.count(name)
	w.fabric.Send(from, to, s)
	synctest.Wait()
	if n := w.count(name) - before; n > 1 {
		w.t.Errorf("%s arrived %d times", name, n)
	}
	return w.count(name) > before
}

func (w *trackedWorld) count(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.got[name]
}

// allow changes what may be opened, and has it take effect.
func (w *trackedWorld) allow(from, to view.Key, classes ...decide.Class) {
	w.t.Helper()
	w.rules.Allow(from, to, classes...)
	if missing := w.hub.Revise(w.ctx, w.rules.Tell(w.hub, from, to)); len(missing) > 0 {
		w.t.Errorf("chassis %v were not asked", missing)
	}
	synctest.Wait()
}

// connection is one that was opened.
type connection struct {
	from, to view.Key
	protocol uint8
	src, dst uint16
}

func (c *connection) forward(flags uint8) controltest.Sent {
	return controltest.Sent{Protocol: c.protocol, Src: c.src, Dst: c.dst, Flags: flags}
}

func (c *connection) back(flags uint8) controltest.Sent {
	if linkspan.Typed(c.protocol) {
		return controltest.Sent{Protocol: c.protocol, Src: c.src, Reply: true}
	}
	return controltest.Sent{Protocol: c.protocol, Src: c.dst, Dst: c.src, Flags: flags}
}

// known says on how many of the chassis of its ends a connection is known.
func (w *trackedWorld) known(c *connection) (n, of int) {
	dst := c.dst
	if echo, request, _ := echoOf(c.from); c.protocol == echo {
		dst = uint16(request)
	}
	text := fmt.Sprintf(" protocol %d %s:%d > %s:%d", c.protocol, c.from.Address, c.src, c.to.Address, dst)
	ids := []linkspan.ChassisID{chassisOf(c.from), chassisOf(c.to)}
	for _, id := range slices.Compact(ids) {
		of++
		if slices.ContainsFunc(w.fabric.Switch(id).Connections(), func(s string) bool { return strings.HasSuffix(s, text) }) {
			n++
		}
	}
	return n, of
}
