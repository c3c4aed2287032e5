// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func sample(size int) probe {
	return probe{
		to: linkspan.ChassisID(2).DirectMAC(), from: linkspan.ChassisID(1).DirectMAC(),
		kind: request, size: size, fabric: 0xfab, nonce: 77,
	}
}

func TestFramesComeBackAsTheyWere(t *testing.T) {
	for _, size := range []int{minProbe, 46, 1500, 9000} {
		want := sample(size)
		frame := want.append(nil)
		if len(frame) != header+size {
			t.Errorf("%d bytes for a packet of %d", len(frame), size)
		}
		got, ok := parse(append(frame, 0, 0)) // padded on its way
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(probe{})); diff != "" || !ok {
			t.Errorf("%t: %s", ok, diff)
		}
		if _, ok := parse(frame[:len(frame)-1]); ok {
			t.Error("a frame that was cut counts")
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, size := range []int{minProbe, 1500} {
		p := sample(size)
		f.Add(p.append(nil))
	}
	f.Add([]byte("short"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, ok := parse(frame)
		if !ok {
			return
		}
		again := p.append(nil)
		if !bytes.Equal(again[:probeZero], frame[:probeZero]) {
			t.Fatalf("%x is read as %x", frame, again)
		}
	})
}
