// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// container is a namespace in which a resolver stands where Docker's does. It
// answers every message with the message itself, marked as an answer, so that
// a test sees whether a byte was changed.
type container struct {
	t    *testing.T
	path string

	udp  net.PacketConn
	tcp  net.Listener
	done sync.WaitGroup
}

func newContainer(t *testing.T) *container {
	t.Helper()
	c := &container{t: t, path: ovstest.Namespace(t)}
	c.inside(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
	c.docker()
	t.Cleanup(c.end)
	return c
}

// inside runs fn on a thread in the namespace, which then ends.
func (c *container) inside(fn func() error) {
	c.t.Helper()
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ns, err := netns.GetFromPath(c.path)
		if err == nil {
			err = errors.Join(netns.Set(ns), ns.Close())
		}
		if err == nil {
			err = fn()
		}
		done <- err
	}()
	if err := <-done; err != nil {
		c.t.Fatal(err)
	}
}

// docker starts the resolver.
func (c *container) docker() {
	c.inside(func() (err error) {
		if c.udp, err = new(net.ListenConfig).ListenPacket(context.Background(), "udp4", "127.0.0.11:53"); err != nil {
			return err
		}
		c.tcp, err = new(net.ListenConfig).Listen(context.Background(), "tcp4", "127.0.0.11:53")
		return err
	})
	c.done.Go(c.packets)
	c.done.Go(c.streams)
}

// end stops the resolver, as when dockerd is away.
func (c *container) end() {
	_, _ = c.udp.Close(), c.tcp.Close()
	c.done.Wait()
}

func (c *container) packets() {
	b := make([]byte, 65535)
	for {
		n, from, err := c.udp.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		b[2] |= 0x80
		_, _ = c.udp.WriteTo(b[:n], from)
	}
}

func (c *container) streams() {
	for {
		conn, err := c.tcp.Accept()
		if err != nil {
			return
		}
		c.done.Go(func() {
			defer conn.Close()
			for {
				m, err := receive(conn)
				if err != nil {
					return
				}
				m[2] |= 0x80
				if send(conn, m) != nil {
					return
				}
			}
		})
	}
}

func receive(r io.Reader) ([]byte, error) {
	var length uint16
	if err := binary.Read(r, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	m := make([]byte, length)
	_, err := io.ReadFull(r, m)
	return m, err
}

func send(w io.Writer, m []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
	return err
}

const patience = 30 * time.Second

// dial connects to the resolver as a program in the container does.
func (c *container) dial(network string) net.Conn {
	c.t.Helper()
	var conn net.Conn
	c.inside(func() (err error) {
		conn, err = (&net.Dialer{Timeout: patience}).Dial(network, "127.0.0.11:53")
		return err
	})
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		c.t.Fatal(err)
	}
	return conn
}

// ask sends one message by UDP or TCP and returns what comes back.
func (c *container) ask(network string, message []byte) ([]byte, error) {
	conn := c.dial(network)
	defer conn.Close()
	if network == "tcp" {
		if err := send(conn, message); err != nil {
			return nil, err
		}
		return receive(conn)
	}
	if _, err := conn.Write(message); err != nil {
		return nil, err
	}
	b := make([]byte, 65535)
	n, err := conn.Read(b)
	return b[:n], err
}
