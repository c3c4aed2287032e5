// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	of "github.com/linkspan/linkspan/wire/openflow"
	"pgregory.net/rapid"
)

func TestReaderYieldsWhatWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want []of.Message
		sizes := rapid.SliceOfN(rapid.IntRange(0, of.MaxLen-of.HeaderLen), 0, 12).Draw(t, "sizes")
		for i, n := range sizes {
			at := len(stream)
			stream = (&of.EchoRequest{Data: bytes.Repeat([]byte{byte(i)}, n)}).Append(stream, uint32(i))
			want = append(want, of.Message(stream[at:len(stream):len(stream)]))
		}
		var src io.Reader = bytes.NewReader(stream)
		if rapid.Bool().Draw(t, "halves") {
			src = iotest.HalfReader(src)
		}
		r := of.NewReader(src)
		for i := range want {
			m, err := r.Next()
			if err != nil {
				t.Fatalf("message %d of %d: %v", i, len(want), err)
			}
			if m.XID() != uint32(i) || m.Len() != of.HeaderLen+sizes[i] || !bytes.Equal(m.Body(), bytes.Repeat([]byte{byte(i)}, sizes[i])) {
				t.Fatalf("message %d: got %v", i, m)
			}
		}
		if m, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Fatalf("got %v, %v, want the end", m, err)
		}
	})
}

func TestReaderBuffered(t *testing.T) {
	var stream []byte
	stream = (&of.BarrierRequest{}).Append(stream, 1)
	stream = (&of.EchoRequest{Data: []byte("abc")}).Append(stream, 2)
	stream = append(stream, 4, 2, 0) // the beginning of a third
	r := of.NewReader(bytes.NewReader(stream))
	if got := r.Buffered(); got != 0 {
		t.Errorf("before reading: %d", got)
	}
	for i, want := range []int{11, 0} {
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		if got := r.Buffered(); got != want {
			t.Errorf("after message %d: %d, want %d", i, got, want)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		stream []byte
		want   error
	}{
		{"short length", []byte{4, 2, 0, 7, 0, 0, 0, 0}, of.ErrLength},
		{"zero length", make([]byte, 8), of.ErrLength},
		{"later version", []byte{6, 10, 0, 8, 0, 0, 0, 0}, of.ErrVersion},
		{"earlier version", []byte{1, 2, 0, 8, 0, 0, 0, 0}, of.ErrVersion},
		{"end in the header", []byte{4, 2}, io.ErrUnexpectedEOF},
		{"end in the body", []byte{4, 2, 0, 9, 0, 0, 0, 0}, io.ErrUnexpectedEOF},
		{"nothing", nil, io.EOF},
	} {
		r := of.NewReader(bytes.NewReader(c.stream))
		for range 2 { // final: the same again
			if _, err := r.Next(); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", c.name, err, c.want)
			}
		}
	}
}

func TestReaderTakesHelloOfAnyVersion(t *testing.T) {
	r := of.NewReader(bytes.NewReader([]byte{6, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 8, 0, 0, 0, 0x50}))
	m, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	var h of.Hello
	if err := h.Decode(m); err != nil || !h.Offers(4) || !h.Offers(6) || h.Offers(5) {
		t.Errorf("got %+v, %v", h, err)
	}
	if err := h.Decode(of.Message{1, 0, 0, 8, 0, 0, 0, 1}); err != nil || !h.Offers(1) || h.Offers(4) {
		t.Errorf("without a bitmap: got %+v, %v", h, err)
	}
}

func TestReaderReportsTheSourcesError(t *testing.T) {
	boom := errors.New("boom")
	stream := (&of.BarrierRequest{}).Append(nil, 1)
	r := of.NewReader(io.MultiReader(bytes.NewReader(stream), iotest.ErrReader(boom)))
	if _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); !errors.Is(err, boom) {
		t.Errorf("got %v", err)
	}
}

// TestReaderQuiet: a reader that gave its memory back reads on, small and large
// messages.
func TestReaderQuiet(t *testing.T) {
	var stream []byte
	sizes := []int{0, of.MaxLen - of.HeaderLen, 3, 5000, 0, 40000}
	var ends []int
	for i, n := range sizes {
		stream = (&of.EchoRequest{Data: bytes.Repeat([]byte{byte(i)}, n)}).Append(stream, uint32(i))
		ends = append(ends, len(stream))
	}
	src, in := io.Pipe()
	go func() {
		at := 0
		for _, end := range ends {
			_, _ = in.Write(stream[at:end]) // the reader tells when it misses some
			at = end
		}
		in.Close()
	}()
	r := of.NewReader(src)
	for i, n := range sizes {
		m, err := r.Next()
		if err != nil || m.XID() != uint32(i) || !bytes.Equal(m.Body(), bytes.Repeat([]byte{byte(i)}, n)) {
			t.Fatalf("message %d: %v", i, err)
		}
		r.Quiet()
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Fatalf("got %v, want the end", err)
	}
}
