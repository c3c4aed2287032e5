// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"testing"
	"time"
)

// What is waited for is told once, though each try may fail otherwise.
func TestWaitingIsToldOnce(t *testing.T) {
	d := newDrive(Record{Step: Undoing})
	for _, why := range []string{"dial 1", "dial 2", "dial 3"} {
		d.wait("waiting for h2", why)
	}
	d.wait("waiting for h1", "away")
	if len(d.told) != 2 || d.told[0].GetText() != "waiting for h2: dial 1" || d.waiting != "waiting for h1: away" {
		t.Errorf("told are %v, waiting is %q", d.told, d.waiting)
	}
}

// A host that is slow is not told to be away.
func TestAwayTells(t *testing.T) {
	for after, want := range map[time.Duration]string{0: "the host is away", time.Minute: "it did not answer within 1m0s"} {
		err := error(&hostError{"h2", awayError{after}})
		if !away(err) || err.Error() != "on h2: "+want {
			t.Errorf("%s: %v", after, err)
		}
	}
}
