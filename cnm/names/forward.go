// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// forwardLimit is how long Docker's resolver may take, as it asks up to three
// others for 4 seconds each. Who asks has usually given up before.
const forwardLimit = 12 * time.Second

// headerSize is the size of what every message begins with, bytes.
const headerSize = 12

// askDocker has Docker's resolver answer a message that came by UDP.
func (w *Window) askDocker(ctx context.Context, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, forwardLimit)
	defer cancel()
	conn, err := w.space.dial(ctx, "udp4")
	if err != nil {
		return nil, fmt.Errorf("docker's resolver: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(message); err != nil {
		return nil, fmt.Errorf("docker's resolver: %w", err)
	}
	reply := make([]byte, room(message))
	for {
		n, err := conn.Read(reply)
		if err != nil {
			return nil, fmt.Errorf("docker's resolver: %w", err)
		}
		if n >= headerSize && [2]byte(reply) == [2]byte(message) { // the identifier
			return reply[:n:n], nil
		}
	}
}

// askDockerByStream has Docker's resolver answer one that came by TCP.
func (w *Window) askDockerByStream(ctx context.Context, message []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, forwardLimit)
	defer cancel()
	conn, err := w.space.dial(ctx, "tcp4")
	if err != nil {
		return nil, fmt.Errorf("docker's resolver: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := writeMessage(conn, message); err != nil {
		return nil, fmt.Errorf("docker's resolver: %w", err)
	}
	reply, err := readMessage(conn)
	if err != nil {
		return nil, fmt.Errorf("docker's resolver: %w", err)
	}
	return reply, nil
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
