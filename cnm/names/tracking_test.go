// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// tracked returns how many connections the kernel tracks in the namespace.
func (c *container) tracked() (n int) {
	c.t.Helper()
	c.inside(func() error {
		text, err := os.ReadFile("/proc/sys/net/netfilter/nf_conntrack_count")
		if errors.Is(err, os.ErrNotExist) { // it tracks none anywhere
			return nil
		}
		if err == nil {
			n, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		return err
	})
	return n
}

// asksAll asks for a name by UDP and TCP.
func (c *container) asksAll() {
	c.t.Helper()
	for _, network := range []string{"udp", "tcp"} {
		if reply, err := c.ask(network, ask(c.t, "c1", dnsmessage.TypeA)); err != nil || len(read(c.t, reply).Answers) != 1 {
			c.t.Errorf("by %s: %x, %v", network, reply, err)
		}
	}
}

// tracking are rules that have the kernel track connections, and do no more.
const tracking = `table ip tracking {
	chain input {
		type filter hook input priority filter
		ct state new counter
	}
}`

// A namespace that has no rules of others has no connection tracked for names,
// nor any other. One that begins to track sees ours as any.
func TestNothingIsTracked(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newSandbox(t)
	open(t, c, town(), web)
	c.asksAll()
	if n := c.tracked(); n != 0 {
		t.Errorf("%d connections are tracked", n)
	}
	c.nft(tracking)
	c.asksAll()
	if n := c.tracked(); n != 2 {
		t.Errorf("%d connections are tracked with rules that need it, want one of UDP and one of TCP", n)
	}
}

// Whoever filters by the state of connections in a container sees good ones, to a
// port of ours, as with the kernel's own translation.
func TestStatesAreGood(t *testing.T) {
	eachContainer(t, func(t *testing.T, c *container) {
		c.nft(`table ip strict {
	chain input {
		type filter hook input priority filter; policy drop
		ct state established,related accept
		ct state new meta l4proto { tcp, udp } accept
	}
	chain output {
		type filter hook output priority filter; policy drop
		ct state established,related accept
		ct state new meta l4proto { tcp, udp } accept
	}
}`)
		open(t, c, town(), web)
		c.asksAll()
		conn := c.dial("tcp")
		defer conn.Close()
		for range 100 { // back and forth, so that sequence numbers are looked at
			if err := send(conn, ask(t, "www.example.com", dnsmessage.TypeA)); err != nil {
				t.Fatal(err)
			}
			if _, err := receive(conn); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// What the kernel has in mind of rules that earlier versions had does not lead
// questions to sockets that are gone.
func TestOldRulesAreForgotten(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newSandbox(t)
	c.inside(func() error {
		silent, err := new(net.ListenConfig).ListenPacket(context.Background(), "udp4", "127.0.0.11:5353")
		if err == nil {
			t.Cleanup(func() { _ = silent.Close() })
		}
		return err
	})
	c.nft(tracking)
	c.nft(`table ip linkspan-names {
	chain old {
		type nat hook output priority mangle
		ip daddr 127.0.0.11 udp dport 53 ip saddr != 127.0.0.12 dnat to 127.0.0.11:5353
	}
}`)
	conn := c.dial("udp")
	defer conn.Close()
	query := ask(t, "c1", dnsmessage.TypeA)
	if _, err := conn.Write(query); err != nil {
		t.Fatal(err)
	}
	c.nft("delete table ip linkspan-names") // as the kernel does when its owner ends
	open(t, c, town(), web)
	if _, err := conn.Write(query); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 512)
	if n, err := conn.Read(b); err != nil || len(read(t, b[:n]).Answers) != 1 {
		t.Errorf("%x, %v", b[:n], err)
	}
}

// A connection to Docker's resolver that was there before is ended, by a reset that
// the kernel gives a checksum of its own: nobody waits on it.
func TestOldStreamsEnd(t *testing.T) {
	eachContainer(t, func(t *testing.T, c *container) {
		conn := c.dial("tcp")
		defer conn.Close()
		query := ask(t, "www.example.com", dnsmessage.TypeA)
		if err := send(conn, query); err != nil {
			t.Fatal(err)
		}
		if _, err := receive(conn); err != nil {
			t.Fatal(err)
		}
		open(t, c, town(), web)
		err := send(conn, query)
		if err == nil {
			_, err = receive(conn)
		}
		if !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("it ends with %v, want a reset", err)
		}
	})
}

// A checksum that is not there, as UDP allows, is not made a wrong one.
func TestQuestionsWithoutChecksum(t *testing.T) {
	eachContainer(t, func(t *testing.T, c *container) {
		open(t, c, town(), web)
		conn := c.dial("udp")
		defer conn.Close()
		raw, err := conn.(*net.UDPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(raw.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_NO_CHECK, 1)
		}), err); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(ask(t, "c1", dnsmessage.TypeA)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 512)
		if n, err := conn.Read(b); err != nil || len(read(t, b[:n]).Answers) != 1 {
			t.Errorf("%x, %v", b[:n], err)
		}
	})
}

// Where the loopback link is narrow, messages come in fragments.
func TestFragments(t *testing.T) {
	eachContainer(t, func(t *testing.T, c *container) {
		c.inside(func() error {
			lo, err := netlink.LinkByName("lo")
			if err != nil {
				return err
			}
			return netlink.LinkSetMTU(lo, 1280)
		})
		open(t, c, town(), web)
		message := append(ask(t, "www.example.com", dnsmessage.TypeA, edns(4096, 0)), bytes.Repeat([]byte{7}, 3500)...)
		for _, network := range []string{"udp", "tcp"} {
			reply, err := c.ask(network, message)
			if err != nil {
				t.Errorf("by %s: %v", network, err)
				continue
			}
			want := bytes.Clone(message)
			want[2] |= 0x80
			if !bytes.Equal(want, reply) {
				t.Errorf("by %s %d bytes became %d", network, len(want), len(reply))
			}
		}
		c.asksAll()
	})
}

// Port 53 is the container's own to serve at, on all of its addresses.
func TestPort53IsFree(t *testing.T) {
	ovstest.Need(t, "nft")
	c := newSandbox(t)
	open(t, c, town(), web)
	var server net.PacketConn
	var stream net.Listener
	var asker net.Conn
	c.inside(func() (err error) {
		if server, err = new(net.ListenConfig).ListenPacket(context.Background(), "udp4", "0.0.0.0:53"); err != nil {
			return err
		}
		if stream, err = new(net.ListenConfig).Listen(context.Background(), "tcp4", "0.0.0.0:53"); err != nil {
			return err
		}
		asker, err = net.Dial("udp4", "127.0.0.1:53")
		return err
	})
	defer server.Close()
	defer stream.Close()
	defer asker.Close()
	if _, err := asker.Write([]byte("theirs")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 512)
	if err := server.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, from, err := server.ReadFrom(b)
	if err != nil || string(b[:n]) != "theirs" {
		t.Fatalf("%q, %v", b[:n], err)
	}
	if _, err := server.WriteTo([]byte("its"), from); err != nil {
		t.Fatal(err)
	}
	if err := asker.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if n, err := asker.Read(b); err != nil || string(b[:n]) != "its" {
		t.Errorf("%q, %v", b[:n], err)
	}
	c.asksAll()
}
