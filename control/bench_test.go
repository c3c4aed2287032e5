// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/session"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/openflow"
	"github.com/linkspan/linkspan/wire/packet"
)

// nowhere is a connection to nobody.
type nowhere struct{}

func (nowhere) Read([]byte) (int, error)    { return 0, io.EOF }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Close() error                { return nil }

// busyHub has a network of n endpoints on chassis 1, and a session that is
// ready and leads nowhere.
func busyHub(n int) (*Hub, *datapath) {
	hub := New(Config{Log: slog.New(slog.DiscardHandler)})
	changes := []view.Change{view.PutNetwork(&linkspan.Network{
		ID: 7, Name: "web", Subnet: netip.MustParsePrefix("10.0.0.0/8"), Idle: 30 * time.Second,
	})}
	for i := range n {
		changes = append(changes, view.PutEndpoint(&linkspan.Endpoint{
			Network: 7, Address: address(i), Chassis: 1, Port: uint32(i + 1), MAC: linkspan.MAC{2, 0, 0, 0, byte(i >> 8), byte(i)},
		}))
	}
	hub.Update(changes...)
	d := &datapath{hub: hub, id: 1, session: session.New(nowhere{}, session.Config{}), round: 1}
	d.ready.Store(true)
	return hub, d
}

func address(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}) }

// packetIn is what a switch sends up for a small packet between endpoints.
func packetIn(from, to int) openflow.Message {
	head := packet.Head{
		EthSrc: linkspan.MAC{2, 0, 0, 0, byte(from >> 8), byte(from)}, EthDst: pipeline.RouterMAC(),
		Src: address(from), Dst: address(to),
	}
	frame := packet.AppendUDP(nil, &head, 1000, 2000, make([]byte, 60))
	var m openflow.Match
	m.InPort(uint32(from+1)).Reg(0, 7).Reg(1, uint32(from+1))
	in := openflow.PacketIn{
		BufferID: openflow.NoBuffer, TotalLen: uint16(len(frame)), Reason: openflow.ReasonAction,
		TableID: 30, Match: m.View(), Data: frame,
	}
	return in.Append(nil, 0)
}

// handle has the datapath answer, and takes the answer away.
func handle(d *datapath, m openflow.Message) int {
	d.PacketIn(m)
	b := d.session.Begin()
	d.session.EndQuietly(b[:0])
	return len(b)
}

func TestHotPathAllocatesNothing(t *testing.T) {
	_, d := busyHub(1000)
	m := packetIn(3, 500)
	if handle(d, m) == 0 {
		t.Fatal("no answer")
	}
	if n := testing.AllocsPerRun(1000, func() { handle(d, m) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

// BenchmarkPacketIn goes from the bytes of a PacketIn to the bytes of two
// FlowMods and a PacketOut.
func BenchmarkPacketIn(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n, " endpoints"), func(b *testing.B) {
			_, d := busyHub(n)
			var ms []openflow.Message
			for i := range 64 {
				ms = append(ms, packetIn(i*n/64, (i*n/64+n/2)%n))
			}
			b.ReportAllocs()
			before := cpuTime()
			i := 0
			for b.Loop() {
				handle(d, ms[i%64])
				i++
			}
			// On a busy machine this says more than the time on the wall.
			b.ReportMetric(float64(cpuTime()-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpuTime returns what the process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // cannot fail for oneself
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// FuzzPacketIn has the datapath read whatever a switch may send.
func FuzzPacketIn(f *testing.F) {
	_, d := busyHub(10)
	whole := packetIn(1, 2)
	f.Add([]byte(whole))
	f.Add([]byte(whole[:len(whole)/2]))
	f.Add([]byte(packetIn(1, 200)))
	f.Add([]byte(trackedIn(1, 2, false)))
	f.Add([]byte(trackedIn(1, 2, true)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := openflow.Message(b)
		if len(b) < openflow.HeaderLen {
			return
		}
		handle(d, m)
		d.FlowRemoved(m)
	})
}
