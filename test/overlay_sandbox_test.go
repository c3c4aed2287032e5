// SPDX-License-Identifier: Apache-2.0

package test

import (
	"testing"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// TestOverlayOfContainersAndSandboxes has both in one network, on one host and on
// another: they know each other by name and reach each other, and the kernel tracks
// no connections in a sandbox for that.
func TestOverlayOfContainersAndSandboxes(t *testing.T) {
	l := shared(t)
	start := l.Settled(t)
	l.RemoveLater(t, "mixed")
	l.On(t, "h1", overlayCreate("mixed")...)
	l.Shown(t, "mixed")
	d := dockerless{l, t}
	for host, box := range map[string]string{"h1": "box1", "h2": "box2"} {
		d.must(host, "sandbox create --network mixed "+box)
		t.Cleanup(func() { d.typed(host, "sandbox rm -f "+box) })
	}
	c := l.Run(t, "h1", "mixed1", "--network", "mixed")
	d.pings("h1", "box1", "mixed1")
	d.pings("h1", "box1", "box2.mixed")
	d.pings("h2", "box2", "mixed1")
	d.pings("h2", "box2", "box1")
	for _, to := range []string{"box1", "box2"} {
		c.Echo(t, to)
	}
	for host, box := range map[string]string{"h1": "box1", "h2": "box2"} {
		if n := d.tracked(host, box); n != "0" {
			t.Errorf("the kernel tracks %s connections in %s", n, box)
		}
	}
	if err := l.Crash(t.Context(), "h1", boot.Switch); err != nil {
		t.Fatal(err)
	}
	d.pings("h2", "box2", "mixed1")
	d.pings("h2", "box2", "box1")
	d.must("h1", "sandbox rm box1")
	c.Echo(t, "box2")
	c.Remove(t)
	d.must("h2", "sandbox rm box2")
	harness.Eventually(t, "network rm", func() error { return succeeded(l.TryCLI("network", "rm", "mixed")) })
	l.Gone(t, "mixed")
	l.Back(t, start)
}
