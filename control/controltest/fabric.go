// SPDX-License-Identifier: Apache-2.0

package controltest

import (
	"context"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// Fabric is a Hub with simulated switches, joined by a simulated tunnel and a
// simulated layer 2, and
// containers that answer echo requests.
type Fabric struct {
	Hub *control.Hub
	// Trace gets what happens at a switch; nil: nobody.
	Trace func(at linkspan.ChassisID, line string)
	// Deliver gets each frame that leaves by an endpoint's port; nil: nobody.
	Deliver func(at linkspan.ChassisID, port uint32, frame []byte)

	mu       sync.Mutex
	switches map[linkspan.ChassisID]*Switch
	conns    map[linkspan.ChassisID]*Conn
	sessions sync.WaitGroup
}

// NewFabric returns a Fabric without switches around a Hub.
func NewFabric(hub *control.Hub) *Fabric {
	return &Fabric{
		Hub: hub, switches: make(map[linkspan.ChassisID]*Switch),
		conns: make(map[linkspan.ChassisID]*Conn),
	}
}

// Switch returns the switch of a chassis, made at the first call.
func (f *Fabric) Switch(id linkspan.ChassisID) *Switch {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.switches[id]
	if s == nil {
		s = NewSwitch(id.DPID())
		s.Output = func(port uint32, frame []byte) { f.output(id, port, frame) }
		s.Trace = func(line string) {
			if f.Trace != nil {
				f.Trace(id, line)
			}
		}
		f.switches[id] = s
	}
	return s
}

// Connect begins a session of a chassis's switch. It does not wait until the
// session is ready.
func (f *Fabric) Connect(ctx context.Context, id linkspan.ChassisID) {
	near, far := Pipe()
	s := f.Switch(id)
	f.mu.Lock()
	f.conns[id] = near
	f.mu.Unlock()
	f.sessions.Go(func() { _ = s.Serve(near) }) // ends with the connection
	f.sessions.Go(func() { _ = f.Hub.Accept(ctx, far, control.Peer{Chassis: id, Remote: "192.0.2.200"}) })
}

// Conn returns the switch's end of the connection of a chassis.
func (f *Fabric) Conn(id linkspan.ChassisID) *Conn {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.conns[id]
}

// Wait waits until all sessions have ended.
func (f *Fabric) Wait() { f.sessions.Wait() }

// transit is how long a frame takes from one switch to another.
const transit = time.Millisecond

// output takes a frame from one switch to another, or to a container.
func (f *Fabric) output(at linkspan.ChassisID, port uint32, frame []byte) {
	if port == linkspan.TunnelPort || port == linkspan.DirectPort {
		for _, c := range f.ids() {
			if packet.MAC(frame[:6]) == packet.MAC(address(c, port)) && c != at {
				f.sessions.Go(func() {
					time.Sleep(transit)
					f.Switch(c).Inject(port, frame)
				})
			}
		}
		return
	}
	if f.Deliver != nil {
		f.Deliver(at, port, frame)
	}
	f.answer(at, port, frame)
}

// address is that of a chassis behind one of the ports between chassis.
func address(c linkspan.ChassisID, port uint32) linkspan.MAC {
	if port == linkspan.DirectPort {
		return c.DirectMAC()
	}
	return c.TunnelMAC()
}

func (f *Fabric) ids() (list []linkspan.ChassisID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id := range f.switches {
		list = append(list, id)
	}
	return list
}

// answer is the container: it answers an echo request to itself.
func (f *Fabric) answer(at linkspan.ChassisID, port uint32, frame []byte) {
	var p packet.Packet
	if packet.Parse(frame, &p) != nil {
		return
	}
	id, seq, _ := p.ICMPEcho()
	if !isEchoRequest(&p) {
		return
	}
	head := packet.Head{EthSrc: p.EthDst(), EthDst: pipeline.RouterMAC(), Src: p.Dst(), Dst: p.Src()}
	f.Switch(at).Inject(port, packet.AppendEcho(nil, &head, true, id, seq, p.Payload()))
}

// Ping has an endpoint send an echo request, and gives the answer the time to come.
func (f *Fabric) Ping(from, to view.Key, ttl uint8) {
	e := f.Hub.View().Endpoint(from)
	if e == nil || !e.Attached() {
		return
	}
	head := packet.Head{EthSrc: e.MAC, EthDst: pipeline.RouterMAC(), Src: from.Address, Dst: to.Address, TTL: ttl}
	f.Switch(e.Chassis).Inject(e.Out(), packet.AppendEcho(nil, &head, false, 1, 1, []byte("linkspan")))
	f.Settle()
}

// Settle gives the frames that are on their way, and the answers to them, the
// time to arrive.
func (f *Fabric) Settle() { time.Sleep(4 * transit) }
