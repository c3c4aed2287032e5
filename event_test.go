// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"testing"

	"github.com/linkspan/linkspan"
)

// What a controller knows by itself, no switch may claim.
func TestEventKindsBySwitch(t *testing.T) {
	for kind, want := range map[linkspan.EventKind]bool{
		linkspan.NetworkRestored: true, linkspan.EndpointLimited: true, linkspan.EndpointReleased: true,
		linkspan.SwitchJoined: false, linkspan.SiteAllowed: false, "": false,
	} {
		if got := kind.BySwitch(); got != want {
			t.Errorf("%q: %v", kind, got)
		}
	}
}
