// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// place is one end of the way: the host, where the port has an address as if it
// were a whole bridge, or the container.
type place struct {
	address string
	do      func(func() error) error
	link    func() (netlink.Link, error)
}

// world is a container at 198.51.100.2 whose port is at 198.51.100.1.
type world struct{ container, host place }

func newWorld(t *testing.T, l linkspan.Limits) world {
	t.Helper()
	create(t, l)
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	t.Cleanup(func() { _ = box.Close() })
	must(t, box.Take(peer, "eth0"))
	w := world{
		container: place{"198.51.100.2", box.Do, func() (netlink.Link, error) { return box.Netlink().LinkByName("eth0") }},
		host:      place{"198.51.100.1", func(fn func() error) error { return fn() }, func() (netlink.Link, error) { return netlink.LinkByName(port) }},
	}
	// A port does not answer to ARP.
	w.settle(t, w.host, port, w.container)
	w.settle(t, w.container, "eth0", w.host)
	return w
}

func (world) settle(t *testing.T, here place, name string, there place) {
	t.Helper()
	far, err := there.link()
	must(t, err)
	must(t, here.do(func() error {
		script := fmt.Sprintf("ip address replace %s/24 dev %s && ip link set %[2]s up && ip neighbour replace %s lladdr %s dev %[2]s nud permanent",
			here.address, name, there.address, far.Attrs().HardwareAddr)
		out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
		return err
	}))
}

// came returns how many bytes have come in at a place.
func (p place) came(t *testing.T) uint64 {
	t.Helper()
	link, err := p.link()
	must(t, err)
	return link.Attrs().Statistics.RxBytes
}

// way is a way to send as much as one can, until ctx ends.
type way func(ctx context.Context, t *testing.T, from, to place) error

// streams sends by four TCP connections.
func streams(ctx context.Context, t *testing.T, from, to place) error {
	var l net.Listener
	err := to.do(func() (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, "tcp4", to.address+":0")
		return err
	})
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	defer all.Wait()
	context.AfterFunc(ctx, func() { _ = l.Close() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			all.Go(func() { _, _ = io.Copy(io.Discard, c) })
		}
	})
	for range 4 {
		var c net.Conn
		err := from.do(func() (err error) {
			c, err = new(net.Dialer).DialContext(ctx, "tcp4", l.Addr().String())
			return err
		})
		if err != nil {
			_ = l.Close()
			return err
		}
		context.AfterFunc(ctx, func() { _ = c.Close() })
		all.Go(func() {
			for chunk := make([]byte, 64<<10); ; {
				if _, err := c.Write(chunk); err != nil {
					return
				}
			}
		})
	}
	return nil
}

// datagrams sends UDP without a look at what becomes of it.
func datagrams(ctx context.Context, _ *testing.T, from, to place) error {
	return from.do(func() error {
		c, err := new(net.Dialer).DialContext(ctx, "udp4", to.address+":9")
		if err != nil {
			return err
		}
		for chunk := make([]byte, 1400); ctx.Err() == nil; {
			_, _ = c.Write(chunk) // refused, or no room: what a flood is about
		}
		return c.Close()
	})
}

// frames sends past the stack and past every queue of the sender's own.
func frames(ctx context.Context, t *testing.T, from, to place) error {
	here, err := from.link()
	must(t, err)
	there, err := to.link()
	must(t, err)
	frame := make([]byte, 1400)
	copy(frame, there.Attrs().HardwareAddr)
	copy(frame[6:], here.Attrs().HardwareAddr)
	frame[12], frame[13] = 0x88, 0xb5 // an EtherType for experiments (IEEE 802)
	return from.do(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			return err
		}
		if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, 1); err != nil {
			return errors.Join(err, unix.Close(fd))
		}
		for ctx.Err() == nil {
			_ = unix.Sendto(fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: here.Attrs().Index})
		}
		return unix.Close(fd)
	})
}

// sends lets one place send to another for a while, and returns what came there
// and how long it took.
func sends(t *testing.T, by way, from, to place, long time.Duration) (bytes uint64, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	before, began := to.came(t), time.Now()
	must(t, by(ctx, t, from, to))
	<-ctx.Done()
	return to.came(t) - before, time.Since(began)
}

// held fails unless what one place sends to another is what the rate passes: never more than
// it and what bucket and queue may hold, and some of it at least.
func held(t *testing.T, rate linkspan.Rate, by way, from, to place) {
	t.Helper()
	atLeast(t, rate/8, func() (uint64, time.Duration) {
		bytes, took := sends(t, by, from, to, measured)
		pass := uint64(float64(rate) / 8 * took.Seconds())
		if most := pass*11/10 + 512<<10; bytes > most {
			t.Errorf("%d bytes came in %s, at most %d may at %s", bytes, took, most, rate)
		}
		return bytes, took
	})
}

// atLeast measures until the rate was reached once: the machine may have something else to do.
func atLeast(t *testing.T, rate linkspan.Rate, measure func() (uint64, time.Duration)) {
	t.Helper()
	for range 10 {
		bytes, took := measure()
		if float64(bytes)*8 >= float64(rate)*took.Seconds() {
			return
		}
		t.Logf("%d bytes came in %s", bytes, took)
	}
	t.Errorf("%s were not reached", rate)
}

const measured = 2 * time.Second

func TestLimitsHold(t *testing.T) {
	const rate = 20 * linkspan.Megabit
	for name, by := range map[string]way{"TCP": streams, "UDP": datagrams, "frames": frames} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, linkspan.Limits{Egress: rate, Ingress: rate})
			held(t, rate, by, w.container, w.host)
			held(t, rate, by, w.host, w.container)
		})
	}
}

func TestTheOtherDirectionIsFree(t *testing.T) {
	const rate = 10 * linkspan.Megabit
	free := func(l linkspan.Limits, from, to func(world) place) {
		t.Helper()
		w := newWorld(t, l)
		atLeast(t, 4*rate, func() (uint64, time.Duration) { return sends(t, streams, from(w), to(w), measured) })
	}
	host, container := func(w world) place { return w.host }, func(w world) place { return w.container }
	free(linkspan.Limits{Egress: rate}, host, container)
	free(linkspan.Limits{Ingress: rate}, container, host)
}
