// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/linkspan/linkspan"
)

// relayBuffer holds what one direction has read and not yet written: room for
// two messages of the largest size OpenFlow has (65,535 bytes).
const relayBuffer = 128 << 10

// headerLen is the length of the OpenFlow header (OpenFlow 1.3.5, 7.1.1).
const headerLen = 8

// Relay carries OpenFlow between near, an open Channel to the bridge, and far,
// in both directions, until either end closes, breaks the framing, or ctx ends;
// then it closes both and returns why (never nil; io.EOF is in the chain when
// an end closed). It writes whole messages only, all that one read brought in
// one write, and sends nothing of its own. A far end that reads slowly makes
// Open vSwitch drop PacketIns in its own queue; memory here is bounded.
// Open vSwitch sends no echo here, so far must probe: an echo request that it
// sends is answered by the bridge.
func Relay(ctx context.Context, near, far io.ReadWriteCloser) error {
	closeBoth := sync.OnceFunc(func() {
		_ = near.Close() // the reason is the error of the pump, not of the closing
		_ = far.Close()
	})
	defer context.AfterFunc(ctx, closeBoth)()
	ends := make(chan error, 2)
	var wg sync.WaitGroup
	wg.Go(func() { ends <- ended("bridge", pump(far, near)) })
	wg.Go(func() { ends <- ended("far end", pump(near, far)) })
	first := <-ends
	closeBoth()
	wg.Wait() // the other one ends because its ends are closed
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return first
}

func ended(from string, err error) error {
	return &linkspan.Error{Code: linkspan.Unavailable, Op: "relay from the " + from,
		Message: "the OpenFlow channel ended", Err: err}
}

// pump copies whole messages from src to dst until a read or write fails.
func pump(dst io.Writer, src io.Reader) error {
	buf := make([]byte, relayBuffer)
	n := 0
	for {
		m, readErr := src.Read(buf[n:])
		n += m
		whole, err := wholeMessages(buf[:n])
		if whole > 0 {
			if _, err := dst.Write(buf[:whole]); err != nil {
				return fmt.Errorf("write: %w", err)
			}
			n = copy(buf, buf[whole:n])
		}
		if err != nil {
			return err
		}
		if readErr != nil {
			return fmt.Errorf("read: %w", readErr)
		}
	}
}

// wholeMessages returns how many bytes at the front of b are complete OpenFlow
// messages. The error reports a length no message can have; what comes before
// it is still counted.
func wholeMessages(b []byte) (int, error) {
	whole := 0
	for len(b)-whole >= headerLen {
		size := int(binary.BigEndian.Uint16(b[whole+2:]))
		if size < headerLen {
			return whole, &linkspan.Error{Code: linkspan.Invalid,
				Message: fmt.Sprintf("an OpenFlow message claims %d bytes, less than its header", size)}
		}
		if whole+size > len(b) {
			break
		}
		whole += size
	}
	return whole, nil
}
