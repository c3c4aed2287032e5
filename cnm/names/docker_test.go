// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"runtime"
	"strings"
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
	// translated has the resolver listen elsewhere, and rules as Docker's own lead
	// there, which have the kernel track the connections of the namespace.
	translated bool

	udp   net.PacketConn
	tcp   net.Listener
	talks sync.Map // connections that are open
	done  sync.WaitGroup
}

func newContainer(t *testing.T) *container {
	t.Helper()
	return startContainer(t, false)
}

func startContainer(t *testing.T, translated bool) *container {
	t.Helper()
	c := newSandbox(t)
	c.translated = translated
	c.docker()
	t.Cleanup(c.end)
	return c
}

// newSandbox is a namespace without Docker.
func newSandbox(t *testing.T) *container {
	t.Helper()
	c := &container{t: t, path: ovstest.Namespace(t)}
	c.inside(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.LinkSetUp(lo)
	})
	return c
}

// eachContainer runs a test in a namespace without connection tracking and in one
// with Docker's rules.
func eachContainer(t *testing.T, test func(t *testing.T, c *container)) {
	ovstest.Need(t, "nft")
	t.Run("untracked", func(t *testing.T) { test(t, startContainer(t, false)) })
	t.Run("translated", func(t *testing.T) { test(t, startContainer(t, true)) })
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
	at := "127.0.0.11:53"
	if c.translated {
		at = "127.0.0.11:0"
	}
	c.inside(func() (err error) {
		if c.udp, err = new(net.ListenConfig).ListenPacket(context.Background(), "udp4", at); err != nil {
			return err
		}
		c.tcp, err = new(net.ListenConfig).Listen(context.Background(), "tcp4", at)
		return err
	})
	if c.translated {
		c.nft(fmt.Sprintf(dockersRules, c.udp.LocalAddr(), c.tcp.Addr(),
			c.udp.LocalAddr().(*net.UDPAddr).Port, c.tcp.Addr().(*net.TCPAddr).Port))
	}
	c.done.Go(c.packets)
	c.done.Go(c.streams)
}

// dockersRules lead to Docker's resolver and back, as Docker's own do. They are
// given by where it listens for UDP and TCP, and the ports of that.
const dockersRules = `
table ip nat
delete table ip nat
table ip nat {
	chain output {
		type nat hook output priority -100
		ip daddr 127.0.0.11 udp dport 53 dnat to %s
		ip daddr 127.0.0.11 tcp dport 53 dnat to %s
	}
	chain postrouting {
		type nat hook postrouting priority srcnat
		ip saddr 127.0.0.11 udp sport %d snat to :53
		ip saddr 127.0.0.11 tcp sport %d snat to :53
	}
}`

// nft gives nft(8) a text to read in the namespace.
func (c *container) nft(text string) {
	c.t.Helper()
	c.inside(func() error {
		nft := exec.Command("nft", "-f", "-")
		nft.Stdin = strings.NewReader(text)
		if out, err := nft.CombinedOutput(); err != nil {
			return fmt.Errorf("nft: %w: %s", err, out)
		}
		return nil
	})
}

// end stops the resolver, as when dockerd is away.
func (c *container) end() {
	_, _ = c.udp.Close(), c.tcp.Close()
	c.talks.Range(func(conn, _ any) bool {
		_ = conn.(net.Conn).Close()
		return true
	})
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
		c.talks.Store(conn, nil)
		c.done.Go(func() {
			defer conn.Close()
			defer c.talks.Delete(conn)
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
