// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/wire/packet"
)

// traffic is what is sent until end is called, which returns how much that was and what of it came, by number.
type traffic struct {
	sent *atomic.Uint64 // until now
	end  func() (sent uint64, came map[uint64]bool)
}

// stream sends datagrams of a size from one host to another at a steady rate.
func (w *world) stream(from, to string, last byte, perSecond, size int) traffic {
	w.t.Helper()
	done := new(atomic.Uint64)
	const port = 9000
	ctx, cancel := context.WithCancel(w.t.Context())
	in := w.socket(to, func() (net.PacketConn, error) {
		return new(net.ListenConfig).ListenPacket(ctx, "udp4", fmt.Sprintf(":%d", port))
	})
	out := w.socket(from, func() (net.PacketConn, error) {
		return new(net.ListenConfig).ListenPacket(ctx, "udp4", ":0")
	})
	roomy(w.t, in)
	sent, came := make(chan uint64, 1), make(chan map[uint64]bool, 1)
	frame, dst, seen := make([]byte, size), &net.UDPAddr{IP: net.IPv4(10, 7, 0, last), Port: port}, new(greatest)
	go func() {
		sent <- steadily(ctx, perSecond, func(n uint64) error {
			binary.BigEndian.PutUint64(frame, n)
			_, err := out.WriteTo(frame, dst)
			done.Store(n + 1)
			return err
		})
	}()
	go func() {
		came <- receive(in, seen, func(b []byte) (uint64, bool) { return binary.BigEndian.Uint64(b), true })
	}()
	return traffic{done, func() (uint64, map[uint64]bool) {
		cancel()
		n := <-sent
		seen.awaits(n, func() {
			binary.BigEndian.PutUint64(frame, n)
			_, _ = out.WriteTo(frame, dst)
		})
		_ = in.Close()
		_ = out.Close()
		return n, <-came
	}}
}

// greatest is the greatest number that has come.
type greatest struct{ atomic.Uint64 }

// awaits sends what has a number until it comes: nothing that was sent before is on its way then.
func (g *greatest) awaits(n uint64, send func()) {
	const patience, again = 30 * time.Second, 20 * time.Millisecond
	for begun := time.Now(); g.Load() < n && time.Since(begun) < patience; time.Sleep(again) {
		send()
	}
}

// socket opens one in a host.
func (w *world) socket(host string, open func() (net.PacketConn, error)) (conn net.PacketConn) {
	w.t.Helper()
	opened := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock: the thread ends with this goroutine
		ns, err := netns.GetFromPath(w.hosts[host])
		if err == nil {
			err = netns.Set(ns)
			_ = ns.Close()
		}
		if err == nil {
			conn, err = open()
		}
		opened <- err
	}()
	must(w.t, <-opened)
	return conn
}

// steadily calls do as often in a second, with the number of the call, until ctx ends or do fails. When it had
// to wait for a processor it catches up little by little: a burst would be lost in the links, whatever the switch does.
func steadily(ctx context.Context, perSecond int, do func(n uint64) error) (done uint64) {
	begun, burst := time.Now(), uint64(max(1, perSecond/1000))
	for ctx.Err() == nil {
		due := min(uint64(time.Since(begun).Seconds()*float64(perSecond)), done+burst)
		for ; done < due; done++ {
			if do(done) != nil {
				return done
			}
		}
		ts := unix.NsecToTimespec(int64(time.Millisecond / 2))
		_ = unix.Nanosleep(&ts, nil)
	}
	return done
}

// receive counts different messages by what number says they are, until the socket is closed.
func receive(conn net.PacketConn, last *greatest, number func([]byte) (uint64, bool)) map[uint64]bool {
	seen := make(map[uint64]bool)
	frame := make([]byte, 2000)
	for {
		n, _, err := conn.ReadFrom(frame)
		if err != nil {
			return seen
		}
		if id, ok := number(frame[:n]); ok {
			seen[id] = true
			last.Store(max(last.Load(), id))
		}
	}
}

// missing counts what did not come, and logs in what stretches it was sent.
func (w *world) missing(what string, sent uint64, came map[uint64]bool) (lost uint64) {
	const told = 20
	stretches := 0
	for i := uint64(0); i < sent; i++ {
		if came[i] {
			continue
		}
		from := i
		for ; i < sent && !came[i]; i++ {
			lost++
		}
		if stretches++; stretches <= told {
			w.t.Logf("of %d %s those from %d to %d were lost", sent, what, from, i-1)
		}
	}
	return lost
}

// roomy gives a socket so much room that nothing is lost there.
func roomy(t testing.TB, conn net.PacketConn) {
	t.Helper()
	raw, err := conn.(interface {
		SyscallConn() (syscall.RawConn, error)
	}).SyscallConn()
	must(t, err)
	must(t, raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 64<<20) }))
	must(t, err)
}

// pings sends an echo request each millisecond from one host to an address.
func (w *world) pings(from string, dst netip.Addr) traffic {
	w.t.Helper()
	done := new(atomic.Uint64)
	ctx, cancel := context.WithCancel(w.t.Context())
	network, all, question, answer := "ip4:icmp", "0.0.0.0", byte(8), byte(0) // echo (RFC 792)
	if dst.Is6() {
		network, all, question, answer = "ip6:ipv6-icmp", "::", packet.ICMPv6EchoRequest, packet.ICMPv6EchoReply
	}
	conn := w.socket(from, func() (net.PacketConn, error) { return new(net.ListenConfig).ListenPacket(ctx, network, all) })
	roomy(w.t, conn)
	to := &net.IPAddr{IP: dst.AsSlice()}
	sent, came := make(chan uint64, 1), make(chan map[uint64]bool, 1)
	request, seen := make([]byte, 64), new(greatest)
	request[0] = question
	ask := func(n uint64) error {
		binary.BigEndian.PutUint64(request[8:], n)
		binary.BigEndian.PutUint16(request[2:], 0)
		binary.BigEndian.PutUint16(request[2:], packet.Checksum(request))
		_, err := conn.WriteTo(request, to)
		return err
	}
	go func() {
		sent <- steadily(ctx, 1000, func(n uint64) error {
			done.Store(n + 1)
			return ask(n)
		})
	}()
	go func() {
		came <- receive(conn, seen, func(reply []byte) (uint64, bool) {
			return binary.BigEndian.Uint64(reply[8:]), reply[0] == answer
		})
	}()
	return traffic{done, func() (uint64, map[uint64]bool) {
		cancel()
		n := <-sent
		seen.awaits(n, func() { _ = ask(n) })
		_ = conn.Close()
		return n, <-came
	}}
}

// loss is what was sent, and what of it did not come.
type loss struct{ pings, pingsLost, sent, lost uint64 }

// prefer has the kernel prefer ovs-vswitchd to what else runs on the machine: frames that come while
// it waits for a processor are lost in the links before it, whoever decides about them.
func (w *world) prefer() {
	w.t.Helper()
	pid, err := os.ReadFile(filepath.Join(w.ovs.RunDir, ovstest.Daemon+".pid"))
	must(w.t, err)
	w.ovs.Run("chrt", "--all-tasks", "--rr", "--pid", "10", strings.TrimSpace(string(pid)))
}

// undisturbed runs pings each millisecond and a stream from one host to another while do works, and
// returns how much of each was lost.
func (w *world) undisturbed(from, to string, last byte, perSecond, size int, do func()) (l loss) {
	w.t.Helper()
	pings, stream := w.pings(from, netip.AddrFrom4([4]byte{10, 7, 0, last})), w.stream(from, to, last, perSecond, size)
	do()
	sent, came := stream.end()
	l.sent, l.lost = sent, w.missing("datagrams", sent, came)
	sent, came = pings.end()
	l.pings, l.pingsLost = sent, w.missing("pings", sent, came)
	return l
}

// lossless fails the test if changes lose more between hosts a and b than the same time without one.
func (w *world) lossless(do func()) {
	w.t.Helper()
	w.losslessBetween("a", "b", 3, do)
}

// losslessBetween compares up to so often with times without a change: on a busy machine both lose now and then,
// in links that wait for a processor. What changes lose is lost each time.
func (w *world) losslessBetween(from, to string, last byte, do func()) {
	w.t.Helper()
	const tries = 4
	w.prefer()
	var worst loss // without a change
	for range tries {
		begun := time.Now()
		w.t.Logf("pings begin at %s", begun.Format("05.000"))
		changing := w.undisturbed(from, to, last, rate, size, do)
		took := time.Since(begun)
		w.t.Logf("in %v with changes: %+v", took, changing)
		if changing.pingsLost <= worst.pingsLost && changing.lost <= worst.lost {
			return
		}
		resting := w.undisturbed(from, to, last, rate, size, func() { time.Sleep(took) })
		w.t.Logf("in %v without: %+v", took, resting)
		worst.pingsLost, worst.lost = max(worst.pingsLost, resting.pingsLost), max(worst.lost, resting.lost)
		if changing.pingsLost <= worst.pingsLost && changing.lost <= worst.lost {
			return
		}
	}
	w.t.Errorf("more was lost with changes than without each time, where at most %+v was", worst)
}

// rate and size of the stream in tests: datagrams per second, and bytes. The benchmark has half of what the
// path carries.
const rate, size = 500, 100

func TestTwentyChangesLoseNothing(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(vlan10()...))
	w.reaches("a", 3)
	w.lossless(func() {
		for i := range 20 {
			must(t, w.configure("set control mode "+[]string{"sdn", "traditional"}[i%2]))
		}
	})
	for _, c := range w.keeper.Report().Recent {
		t.Logf("%s %v copied %d, returned %d", c.Time.Format("05.000"), c.Took, c.Copied, c.Returned)
	}
}

func TestChangesOfOneVLANLoseNothing(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode hybrid")...))
	w.reaches("a", 3)
	w.lossless(func() {
		for i := range 4 {
			must(t, w.configure("set vlans 10 control "+[]string{"sdn", "traditional"}[i%2]))
		}
	})
}

func TestChangesOfOnePortLoseNothing(t *testing.T) {
	w := newWorld(t)
	must(t, w.configure(append(vlan10(), "set control mode hybrid")...))
	w.reaches("a", 3)
	w.lossless(func() {
		for i := range 4 {
			must(t, w.configure("set ports a control "+[]string{"sdn", "traditional"}[i%2]))
		}
	})
}
