// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// forwardLimit is how long other resolvers may take together: Docker's asks up
// to three others for 4 seconds each. Who asks has usually given up before.
const forwardLimit = 12 * time.Second

// headerSize is the size of what every message begins with, bytes.
const headerSize = 12

// dialer connects to a resolver by "udp4" or "tcp4".
type dialer func(ctx context.Context, network string) (net.Conn, error)

// beyondDocker asks Docker's resolver, in the container's namespace.
func beyondDocker(w *Window) []dialer { return []dialer{w.space.dial} }

// askBeyond has another resolver answer a message that came by UDP.
func (w *Window) askBeyond(ctx context.Context, message []byte) ([]byte, error) {
	return w.askEach(ctx, "udp4", func(conn net.Conn) ([]byte, error) {
		if _, err := conn.Write(message); err != nil {
			return nil, err
		}
		reply := make([]byte, room(message))
		for {
			n, err := conn.Read(reply)
			if err != nil {
				return nil, err
			}
			if n >= headerSize && [2]byte(reply) == [2]byte(message) { // the identifier
				return reply[:n:n], nil
			}
		}
	})
}

// askBeyondByStream has another resolver answer one that came by TCP.
func (w *Window) askBeyondByStream(ctx context.Context, message []byte) ([]byte, error) {
	return w.askEach(ctx, "tcp4", func(conn net.Conn) ([]byte, error) {
		if err := writeMessage(conn, message); err != nil {
			return nil, err
		}
		return readMessage(conn)
	})
}

// askEach asks one resolver after the other until one answers.
func (w *Window) askEach(ctx context.Context, network string, ask func(net.Conn) ([]byte, error)) ([]byte, error) {
	err := errNobody
	dialers := w.beyond(w)
	for _, dial := range dialers {
		var reply []byte
		if reply, err = askOne(ctx, dial, network, forwardLimit/time.Duration(len(dialers)), ask); err == nil {
			return reply, nil
		}
	}
	return nil, fmt.Errorf("resolver beyond ours: %w", err)
}

var errNobody = errors.New("there is none")

func askOne(ctx context.Context, dial dialer, network string, limit time.Duration, ask func(net.Conn) ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := dial(ctx, network)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return ask(conn)
}

// readMessage reads one message of a stream, which its length stands before
// (RFC 1035, section 4.2.2).
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func writeMessage(conn net.Conn, message []byte) error {
	_, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
