// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/overlay"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// The shield is up for the links of limits of every driver, and not for ports of
// Linux bridges, whose stack is the host's.
func TestShieldedLinks(t *testing.T) {
	shields := func(name string) bool {
		return slices.ContainsFunc(shielded(), func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	routed, _ := netns.Names("e")
	bridged, overlaid := kernel.Name(bridge.PortPrefix, "e"), kernel.Name(overlay.PortPrefix, "e")
	for _, name := range []string{routed, shape.Inner(routed), shape.Inner(bridged), shape.Inner(overlaid)} {
		if !shields(name) {
			t.Errorf("%s is not shielded by %q", name, shielded())
		}
	}
	if shields(bridged) {
		t.Errorf("%s is shielded by %q", bridged, shielded())
	}
}
