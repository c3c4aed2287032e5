// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// pieces is a reader that returns its elements one by one.
type pieces [][]byte

func (p *pieces) Read(b []byte) (int, error) {
	if len(*p) == 0 {
		return 0, io.EOF
	}
	n := copy(b, (*p)[0])
	if (*p)[0] = (*p)[0][n:]; len((*p)[0]) == 0 {
		*p = (*p)[1:]
	}
	return n, nil
}

// frames records each write and checks that it is whole messages.
type frames struct {
	t      *rapid.T
	all    bytes.Buffer
	writes int
}

func (f *frames) Write(b []byte) (int, error) {
	if n, err := wholeMessages(b); n != len(b) || err != nil {
		f.t.Fatalf("a write of %d bytes has %d in whole messages: %v", len(b), n, err)
	}
	f.writes++
	return f.all.Write(b)
}

func TestPumpKeepsMessagesWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(8, 300), rapid.IntRange(60000, 65535)), 0, 12).Draw(t, "sizes")
		for _, size := range sizes {
			m := make([]byte, size)
			m[0], m[1] = 4, byte(size)
			binary.BigEndian.PutUint16(m[2:], uint16(size))
			stream = append(stream, m...)
		}
		var src pieces
		for rest := stream; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			src, rest = append(src, rest[:n]), rest[n:]
		}
		reads := len(src) + len(stream)/relayBuffer*2 + 2
		dst := &frames{t: t}
		if err := pump(dst, &src); !errors.Is(err, io.EOF) {
			t.Fatalf("pump ended with %v", err)
		}
		if !bytes.Equal(dst.all.Bytes(), stream) {
			t.Fatalf("%d bytes arrived of %d", dst.all.Len(), len(stream))
		}
		if dst.writes > reads {
			t.Fatalf("%d writes for at most %d reads", dst.writes, reads)
		}
	})
}

func TestPumpRefusesBrokenFraming(t *testing.T) {
	good, bad := []byte{4, 0, 0, 8, 0, 0, 0, 1}, []byte{4, 0, 0, 7, 0, 0, 0, 1}
	var dst bytes.Buffer
	err := pump(&dst, bytes.NewReader(append(good, bad...)))
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("broken framing ended with %v", err)
	}
	if dst.Len() != 8 {
		t.Errorf("%d bytes before the fault arrived", dst.Len())
	}
}

func FuzzWholeMessages(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{4, 0, 0, 8, 0, 0, 0, 1, 4, 2, 0, 9, 0, 0, 0, 2, 7})
	f.Add([]byte{4, 0, 0, 0, 0, 0, 0, 1})
	f.Add([]byte{4, 0, 255, 255, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := wholeMessages(b)
		if n < 0 || n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		again, err2 := wholeMessages(b[:n])
		if again != n || err2 != nil {
			t.Fatalf("what is whole once is not twice: %d, %d, %v", n, again, err2)
		}
		if err == nil && len(b)-n >= headerLen && int(binary.BigEndian.Uint16(b[n+2:])) <= len(b)-n {
			t.Fatalf("a whole message was left at %d of %d", n, len(b))
		}
	})
}

func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{4, 19, 0, 32, 0, 0, 0, 2, 0, 11, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 2, 0, 0, 0, 15, 8, 0, 0, 0})
	f.Add([]byte{4, 1, 0, 12, 0, 0, 0, 2, 0, 1, 0, 0})
	f.Add([]byte{4, 19, 0, 9, 0, 0, 0, 2, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = maxMeters(struct {
			io.Reader
			io.Writer
		}{bytes.NewReader(b), io.Discard})
	})
}

func FuzzParseFeatures(f *testing.F) {
	f.Add("CT state: Yes\nMax VLAN headers: 2\nIPv6 ND Extension: No\n")
	f.Fuzz(func(_ *testing.T, text string) { parseFeatures(text) })
}
