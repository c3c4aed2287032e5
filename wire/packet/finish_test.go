// SPDX-License-Identifier: Apache-2.0

package packet_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/wire/packet"
)

// transport returns where the transport header and its checksum are.
func transport(tcp, six, tag bool) (l4, sum int) {
	l4, sum = 14+20, 6
	if six {
		l4 = 14 + 40
	}
	if tag {
		l4 += 4
	}
	if tcp {
		sum = 16
	}
	return l4, l4 + sum
}

// unfinish does to a whole frame what Linux does before a card that computes
// checksums: the field holds the sum of the pseudo header, not complemented.
func unfinish(t *rapid.T, frame []byte, l4, sum int) []byte {
	var p packet.Packet
	if err := packet.Parse(frame, &p); err != nil {
		t.Fatal(err)
	}
	pseudo := make([]byte, 0, 40)
	pseudo = append(append(pseudo, p.Src().AsSlice()...), p.Dst().AsSlice()...)
	pseudo = binary.BigEndian.AppendUint16(append(pseudo, 0, p.Proto()), uint16(len(frame)-l4))
	out := bytes.Clone(frame)
	binary.BigEndian.PutUint16(out[sum:], ^packet.Checksum(pseudo))
	return out
}

// What was left to the card is completed to the very frame that a sender without
// a card makes; what is complete stays.
func TestFinishMakesTheWholeFrame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tcp, six, tag := rapid.Bool().Draw(t, "tcp"), rapid.Bool().Draw(t, "six"), rapid.Bool().Draw(t, "tag")
		payload := rapid.SliceOfN(rapid.Byte(), 0, 1600).Draw(t, "payload")
		head := head4()
		if six {
			head = head6()
		}
		if tag {
			head = tagged(head)
		}
		port := rapid.Uint16().Draw(t, "port")
		want := packet.AppendUDP(nil, head, port, 53, payload)
		if tcp {
			want = packet.AppendTCP(nil, head, &packet.TCP{SrcPort: port, DstPort: 53, Flags: packet.TCPAck}, payload)
		}
		l4, sum := transport(tcp, six, tag)
		got := unfinish(t, want, l4, sum)
		for _, frame := range [][]byte{got, bytes.Clone(want)} {
			var p packet.Packet
			if err := packet.Parse(frame, &p); err != nil {
				t.Fatal(err)
			}
			p.Finish()
			if diff := cmp.Diff(want, frame); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// A checksum that somebody else got wrong is not ours to mend, nor is what only
// part of a segment is here of.
func TestFinishLeavesTheRest(t *testing.T) {
	broken := packet.AppendUDP(nil, head4(), 1, 2, []byte("hello"))
	broken[14+20+6] ^= 0x55
	none := packet.AppendUDP(nil, head4(), 1, 2, []byte("hello"))
	none[14+20+6], none[14+20+7] = 0, 0
	for name, frame := range map[string][]byte{
		"broken": broken, "none": none, "cut": broken[:14+20+8], "echo": packet.AppendEcho(nil, head4(), false, 1, 1, nil), "empty": nil,
	} {
		was := bytes.Clone(frame)
		var p packet.Packet
		_ = packet.Parse(frame, &p)
		if p.Finish() || !bytes.Equal(was, frame) {
			t.Errorf("%s was changed", name)
		}
	}
}
