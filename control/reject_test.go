// SPDX-License-Identifier: Apache-2.0

package control

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestRejectionsOfOnePort: one that sends without end leaves others their answers, and has
// some again itself in a while; all together are bounded, too.
func TestRejectionsOfOnePort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rejections
		answered := func(port uint32, packets int) (n int) {
			for range packets {
				if r.take(port) {
					n++
				}
			}
			return n
		}
		if n := answered(1, 10*rejectBurst); n != rejectPortBurst {
			t.Errorf("one port has %d answers at once, want %d", n, rejectPortBurst)
		}
		if n := answered(2, 1); n != 1 {
			t.Error("another has none")
		}
		time.Sleep(time.Second)
		if n := answered(1, 10*rejectBurst); n != rejectPortBurst {
			t.Errorf("a second later it has %d, want %d", n, rejectPortBurst)
		}
		time.Sleep(time.Second)
		all := 0
		for port := range uint32(2 * maxRejecting) {
			all += answered(port, 1)
		}
		if all != rejectBurst || len(r.ports) > maxRejecting {
			t.Errorf("all have %d at once, want %d; %d ports are kept", all, rejectBurst, len(r.ports))
		}
	})
}
