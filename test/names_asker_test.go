// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netns"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan/test/harness"
)

// dockerResolver is where the resolv.conf of every container points.
const dockerResolver = "127.0.0.11:53"

// within runs fn on a thread in the network namespace at a path, which then ends.
func within(path string, fn func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		ns, err := netns.GetFromPath(path)
		if err == nil {
			err = errors.Join(netns.Set(ns), ns.Close())
		}
		if err == nil {
			err = fn()
		}
		done <- err
	}()
	return <-done
}

// namespaceOf returns a path, outside of the node, to the network namespace of a
// container.
func namespaceOf(t *testing.T, c *harness.Container) string {
	t.Helper()
	key := c.Lab.On(t, c.Host, "docker", "inspect", "-f", "{{.NetworkSettings.SandboxKey}}", c.Name)
	// /var/run is a link from the root, which would be that of this process.
	return c.Lab.Root(t, c.Host, strings.TrimPrefix(key, "/var"))
}

// asker sends DNS messages as a program in a container does.
type asker struct {
	t    *testing.T
	path string
	from string // its address; empty: as usual
}

func newAsker(t *testing.T, c *harness.Container) asker {
	t.Helper()
	return asker{t: t, path: namespaceOf(t, c)}
}

// past is the asker beside our redirection, which hears Docker's resolver.
func (a asker) past() asker {
	a.from = "127.0.0.12"
	return a
}

// exchange sends a message by udp or tcp and returns what comes back.
func (a asker) exchange(network string, message []byte) ([]byte, error) {
	var conn net.Conn
	dialer := net.Dialer{Timeout: 20 * time.Second}
	if own := net.ParseIP(a.from); own != nil && network == "udp" {
		dialer.LocalAddr = &net.UDPAddr{IP: own}
	} else if own != nil {
		dialer.LocalAddr = &net.TCPAddr{IP: own}
	}
	err := within(a.path, func() (err error) {
		conn, err = dialer.Dial(network, dockerResolver)
		return err
	})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return nil, err
	}
	if network == "udp" {
		if _, err := conn.Write(message); err != nil {
			return nil, err
		}
		b := make([]byte, 65535)
		n, err := conn.Read(b)
		return b[:n], err
	}
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)); err != nil {
		return nil, err
	}
	var length uint16
	if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
		return nil, err
	}
	b := make([]byte, length)
	_, err = io.ReadFull(conn, b)
	return b, err
}

// question is a query for a name; options are those of EDNS, if any.
func question(name string, kind dnsmessage.Type, options ...dnsmessage.Option) []byte {
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: 4711, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name + "."), Type: kind, Class: dnsmessage.ClassINET}},
	}
	if options != nil {
		var h dnsmessage.ResourceHeader
		if err := h.SetEDNS0(1232, dnsmessage.RCodeSuccess, false); err != nil {
			panic(err)
		}
		m.Additionals = []dnsmessage.Resource{{Header: h, Body: &dnsmessage.OPTResource{Options: options}}}
	}
	packed, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return packed
}

// said is an answer as text: its code, and its records sorted.
func said(reply []byte) string {
	var m dnsmessage.Message
	if err := m.Unpack(reply); err != nil {
		return err.Error()
	}
	var records []string
	for _, r := range m.Answers {
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			records = append(records, netip.AddrFrom4(body.A).String())
		case *dnsmessage.PTRResource:
			records = append(records, body.PTR.String())
		default:
			records = append(records, r.Header.Type.String())
		}
	}
	slices.Sort(records)
	return strings.TrimSpace(strings.TrimPrefix(m.RCode.String(), "RCode") + " " + strings.Join(records, " "))
}

// hears checks what a query for a name is answered, by UDP and by TCP. As names
// become known a moment after their container starts, it may take a while.
func (a asker) hears(name string, kind dnsmessage.Type, want ...string) {
	a.t.Helper()
	slices.Sort(want)
	text := strings.TrimSpace("Success " + strings.Join(want, " "))
	a.answers(name, kind, text)
}

func (a asker) answers(name string, kind dnsmessage.Type, want string) {
	a.t.Helper()
	for _, network := range []string{"udp", "tcp"} {
		harness.Eventually(a.t, fmt.Sprintf("%s %s by %s is answered %q", name, kind, network, want), func() error {
			reply, err := a.exchange(network, question(name, kind))
			if err != nil {
				return err
			}
			if got := said(reply); got != want {
				return fmt.Errorf("it is %q", got)
			}
			return nil
		})
	}
}
