// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
)

// Kind is what is asked for; its first letter goes first on a connection.
type Kind string

// The kinds.
const (
	Stream  Kind = "stream"  // bytes one way
	Echo    Kind = "echo"    // a byte there and back
	Connect Kind = "connect" // a connection, a byte back, the end
)

// chunk is how much is written and read at once.
const chunk = 128 << 10

// Serve serves until ctx ends.
func Serve(ctx context.Context, address string) error {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = l.Close() })()
	var talks sync.WaitGroup
	defer talks.Wait()
	for {
		conn, err := l.Accept()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		talks.Go(func() {
			defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
			_ = answer(conn) // the client says what it missed
			_ = conn.Close()
		})
	}
}

func answer(conn net.Conn) error {
	var kind [1]byte
	if _, err := io.ReadFull(conn, kind[:]); err != nil {
		return err
	}
	switch kind[0] {
	case Stream[0]:
		return count(conn)
	case Echo[0]:
		return echo(conn)
	default:
		_, err := conn.Write(kind[:])
		return err
	}
}

// count reads to the end and says how many bytes there were.
func count(conn net.Conn) error {
	buffer, total := make([]byte, chunk), uint64(0)
	for {
		n, err := conn.Read(buffer)
		total += uint64(n)
		if errors.Is(err, io.EOF) {
			_, err = conn.Write(binary.BigEndian.AppendUint64(nil, total))
			return err
		}
		if err != nil {
			return err
		}
	}
}

func echo(conn net.Conn) error {
	var one [1]byte
	for {
		if _, err := conn.Read(one[:]); err != nil {
			return err
		}
		if _, err := conn.Write(one[:]); err != nil {
			return err
		}
	}
}
