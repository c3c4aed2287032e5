// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"context"
	"io"
	"net"
	"testing"

	"github.com/linkspan/linkspan/control/decide"
)

// BenchmarkPairs is what a tracked pair costs beside a plain one, within a host (c2)
// and between two (c3): connections opened and closed one after the other, and the
// bytes of one stream, without offloads.
func BenchmarkPairs(b *testing.B) {
	w := newRuled(b)
	for _, kind := range []string{"plain", "tracked"} {
		for _, to := range []string{"c2", "c3"} {
			if kind == "tracked" {
				w.allow("c1", to, decide.ClassOf(decide.ProtocolTCP))
				w.allow(to, "c1")
			}
			address := w.drain(to)
			b.Run(kind+"/"+to+"/connection", func(b *testing.B) { w.connections(b, address) })
			b.Run(kind+"/"+to+"/64KiB", func(b *testing.B) { w.bytes(b, address) })
		}
	}
}

// drain takes connections in a container, and what comes by them, until they close.
func (w *ruled) drain(name string) (address string) {
	l := w.listen(name, ":0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
			}()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return w.at(name, port)
}

func (w *ruled) connections(b *testing.B, address string) {
	inside(b, w.containers["c1"], func() {
		for range b.N {
			c, err := new(net.Dialer).DialContext(context.Background(), "tcp4", address)
			if err != nil {
				b.Error(err)
				return
			}
			_ = c.(*net.TCPConn).SetLinger(0) // the port is free again at once
			_ = c.Close()
		}
	})
}

func (w *ruled) bytes(b *testing.B, address string) {
	block := make([]byte, 64<<10)
	b.SetBytes(int64(len(block)))
	inside(b, w.containers["c1"], func() {
		c, err := new(net.Dialer).DialContext(context.Background(), "tcp4", address)
		if err != nil {
			b.Error(err)
			return
		}
		defer c.Close()
		for range b.N {
			if _, err := c.Write(block); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
