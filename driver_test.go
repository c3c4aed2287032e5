// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

func TestDriverOfANetwork(t *testing.T) {
	n := goodNetwork()
	n.Driver = linkspan.Hotplug
	n.ApplyDefaults()
	if n.Driver != "" || !n.Driver.Is(linkspan.Hotplug) || n.Driver.Is(linkspan.Overlay) || n.Driver.Name() != linkspan.Hotplug {
		t.Errorf("hotplug named is %q, unlike hotplug left out", n.Driver)
	}
	n.Driver, n.Transport = linkspan.Overlay, linkspan.Auto
	n.ApplyDefaults()
	if err := n.Validate(); err != nil || !n.Driver.Is(linkspan.Overlay) {
		t.Errorf("driver %q: %v", n.Driver, err)
	}
	for name, change := range map[string]func(*linkspan.Network){
		"driver":    func(n *linkspan.Network) { n.Driver = "pigeon" },
		"transport": func(n *linkspan.Network) { n.Transport = linkspan.Direct },
		"idle time": func(n *linkspan.Network) { n.Idle = time.Minute },
	} {
		wrong := n
		change(&wrong)
		hint := ""
		if name == "driver" {
			hint = "overlay"
		}
		refusedAs(t, wrong.Validate(), name, hint)
	}
}

// An endpoint of an overlay has joined without a port, and has names.
func TestOverlaidEndpoint(t *testing.T) {
	e := linkspan.Endpoint{
		Network: 1, Address: netip.MustParseAddr("10.7.0.2"), Chassis: 1, MAC: linkspan.MAC{2, 0, 0, 0, 0, 2},
		Driver: linkspan.Overlay, Container: "c1",
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	if got := slices.Collect(e.Names()); !slices.Equal(got, []string{"c1"}) || !e.Joined() || !e.Overlaid() || e.Attached() {
		t.Errorf("names %q, joined %t, overlaid %t, attached %t", got, e.Joined(), e.Overlaid(), e.Attached())
	}
	for says, change := range map[string]func(*linkspan.Endpoint){
		"port 11": func(e *linkspan.Endpoint) { e.Port = 11 },
		"MAC":     func(e *linkspan.Endpoint) { e.MAC = linkspan.MAC{} },
		"driver":  func(e *linkspan.Endpoint) { e.Driver = linkspan.Hotplug },
	} {
		wrong := e
		change(&wrong)
		refusedAs(t, wrong.Validate(), says, "")
	}
}
