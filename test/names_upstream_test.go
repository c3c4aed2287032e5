// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan/test/harness"
)

// upstream is a resolver in a host's network namespace, as the host's resolv.conf
// may name one. It knows the names below example, with as many addresses as a
// name's first label says, and nothing else.
type upstream struct {
	udp net.PacketConn
	tcp net.Listener
	run sync.WaitGroup

	mu    sync.Mutex
	asked []string // "udp www.example. from 172.30.0.2"
}

// newUpstream answers at an address of the host until the test ends.
func newUpstream(t *testing.T, l *harness.Lab, host, address string) *upstream {
	t.Helper()
	u := new(upstream)
	err := within(l.Root(t, host, "/proc/1/ns/net"), func() (err error) {
		if u.udp, err = net.ListenPacket("udp4", address+":53"); err != nil {
			return err
		}
		u.tcp, err = net.Listen("tcp4", address+":53")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	u.run.Go(u.packets)
	u.run.Go(u.streams)
	t.Cleanup(func() {
		_, _ = u.udp.Close(), u.tcp.Close()
		u.run.Wait()
	})
	return u
}

func (u *upstream) packets() {
	b := make([]byte, 65535)
	for {
		n, from, err := u.udp.ReadFrom(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if reply := u.answer("udp", from, b[:n]); reply != nil {
			_, _ = u.udp.WriteTo(reply, from)
		}
	}
}

func (u *upstream) streams() {
	for {
		conn, err := u.tcp.Accept()
		if err != nil {
			return
		}
		u.run.Go(func() {
			defer conn.Close()
			var length uint16
			if binary.Read(conn, binary.BigEndian, &length) != nil {
				return
			}
			query := make([]byte, length)
			if _, err := io.ReadFull(conn, query); err != nil {
				return
			}
			reply := u.answer("tcp", conn.RemoteAddr(), query)
			_, _ = conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
		})
	}
}

func (u *upstream) answer(network string, from net.Addr, query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	name := m.Questions[0].Name
	host, _, _ := net.SplitHostPort(from.String())
	u.mu.Lock()
	u.asked = append(u.asked, network+" "+name.String()+" from "+host)
	u.mu.Unlock()
	m.Response, m.RecursionAvailable = true, true
	first, _, _ := strings.Cut(name.String(), ".")
	switch {
	case !strings.HasSuffix(name.String(), ".example."):
		m.RCode = dnsmessage.RCodeNameError
	case first == "many" && network == "udp":
		m.Truncated = true
	case m.Questions[0].Type == typeA:
		count := 1
		if first == "many" {
			count = 200
		}
		for i := range count {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: name, Type: typeA, Class: dnsmessage.ClassINET, TTL: 77},
				Body:   &dnsmessage.AResource{A: [4]byte{192, 0, 2, byte(i)}},
			})
		}
	}
	reply, err := m.Pack() // with the EDNS record of the query, and its options
	if err != nil {
		return nil
	}
	return reply
}

// heard returns what was asked, one query a line.
func (u *upstream) heard() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return strings.Join(u.asked, "\n")
}

// resolvConf gives a host another /etc/resolv.conf until the test ends.
func resolvConf(t *testing.T, l *harness.Lab, host, text string) {
	t.Helper()
	const file = "/run/resolv.conf"
	if err := os.WriteFile(l.Root(t, host, file), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	l.On(t, host, "mount", "--bind", file, "/etc/resolv.conf")
	t.Cleanup(func() { l.On(t, host, "umount", "/etc/resolv.conf") })
}

// quick lets names that nobody knows fail at once on all hosts.
func quick(t *testing.T, l *harness.Lab) {
	t.Helper()
	for _, host := range l.Hosts() {
		newUpstream(t, l, host, "127.0.0.2")
		resolvConf(t, l, host, "nameserver 127.0.0.2\n")
	}
}
