// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

const stations = ` port  VLAN  MAC                Age
    1     0  3a:5e:00:00:00:01    7
LOCAL  4095  3a:5e:00:00:00:02  300
   12    10  3a:5e:00:00:00:03  static
`

func TestLearnt(t *testing.T) {
	have, err := parseLearnt(stations)
	if err != nil {
		t.Fatal(err)
	}
	want := []Learnt{
		{1, 0, linkspan.MAC{0x3a, 0x5e, 0, 0, 0, 1}, 7 * time.Second, false},
		{0, 4095, linkspan.MAC{0x3a, 0x5e, 0, 0, 0, 2}, 5 * time.Minute, false},
		{12, 10, linkspan.MAC{0x3a, 0x5e, 0, 0, 0, 3}, 0, true},
	}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	for _, wrong := range []string{"1 0 3a:5e:00:00:00:01", "x 0 3a:5e:00:00:00:01 1", "1 5000 3a:5e:00:00:00:01 1", "1 0 3a:5e:00:00:00:01 x", "1 0 y 1"} {
		if have, err := parseLearnt(wrong); err == nil {
			t.Errorf("%q is %v", wrong, have)
		}
	}
}

func FuzzLearnt(f *testing.F) {
	f.Add(stations)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = parseLearnt(text) })
}
