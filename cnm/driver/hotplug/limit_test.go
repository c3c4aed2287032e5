// SPDX-License-Identifier: Apache-2.0

package hotplug_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/hotplug"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

func TestLimitsOfAnEndpoint(t *testing.T) {
	d := newDriver(t, newWorld(t))
	n := network()
	n.Limits = linkspan.Limits{Egress: 100 * linkspan.Megabit}
	e := endpoint("a", "10.7.0.2/24")
	for _, test := range []struct {
		options map[string]string
		want    linkspan.Limits
	}{
		{nil, n.Limits},
		{map[string]string{hotplug.OptionIngress: "1gbit"}, linkspan.Limits{Egress: 100 * linkspan.Megabit, Ingress: linkspan.Gigabit}},
		{map[string]string{hotplug.OptionEgress: "none"}, linkspan.Limits{}},
	} {
		e.Options = test.options
		got, err := d.CreateEndpoint(t.Context(), n, e)
		if err != nil || got.Limits != test.want {
			t.Errorf("%v: got %s, %v; want %s", test.options, got.Limits, err, test.want)
		}
		host, _ := netns.Names(e.ID)
		if limited := got.HostInterface == shape.Inner(host); limited != test.want.Any() {
			t.Errorf("%v: the host's interface is %s", test.options, got.HostInterface)
		}
	}
	for _, wrong := range []map[string]string{{hotplug.OptionEgress: "50MB"}, {hotplug.OptionIngress: ""}, {"linkspan.rate": "1gbit"}} {
		e.Options = wrong
		if _, err := d.CreateEndpoint(t.Context(), n, e); linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" {
			t.Errorf("%v: got %v", wrong, err)
		}
	}
}

// One with limits is told to the fabric with them, has them again when somebody
// has taken them away, and leaves nothing.
func TestLifeWithLimits(t *testing.T) {
	w := newWorld(t)
	var log bytes.Buffer
	d, err := hotplug.New(hotplug.Options{Ports: w.Bridge, Links: w.Links, Fabric: w.Fabric, Log: slog.New(slog.NewTextHandler(&log, nil))})
	must(t, err)
	e := endpoint("a", "10.7.0.2/24")
	e.Options = map[string]string{hotplug.OptionEgress: "10mbit"}
	want := linkspan.Limits{Egress: 10 * linkspan.Megabit}
	e, err = d.CreateEndpoint(t.Context(), network(), e)
	must(t, err)
	_, err = w.Fabric.Reserve(t.Context(), 7, e.Address.Addr(), "")
	must(t, err)
	a, err := d.Join(t.Context(), network(), e)
	must(t, err)
	e.State, e.Attachment = cnm.Joined, &a
	host, _ := netns.Names(e.ID)
	if got := w.Links.Limits(host); got != want {
		t.Errorf("links are limited to %s, want %s", got, want)
	}
	if held := w.Fabric.Held(); len(held) != 1 || held[0].Limits != want {
		t.Errorf("the fabric has %+v", held)
	}
	w.Links.Loosen(host)
	n, err := d.Sweep(t.Context(), func() []cnm.Endpoint { return []cnm.Endpoint{e} })
	if got := w.Links.Limits(host); err != nil || n != 0 || got != want {
		t.Errorf("swept %d, %v; links are limited to %s, want %s", n, err, got, want)
	}
	if !strings.Contains(log.String(), "set again") || !strings.Contains(log.String(), host) {
		t.Errorf("nobody is told: %q", log.String())
	}
	must(t, d.Leave(t.Context(), network(), e))
	must(t, d.DeleteEndpoint(t.Context(), network(), e))
	if left := traces(t, w); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// What a crash left of one with limits is swept.
func TestLimitsAreSwept(t *testing.T) {
	w := newWorld(t)
	d := newDriver(t, w)
	e := endpoint("a", "10.7.0.2/24")
	e.Options = map[string]string{hotplug.OptionEgress: "10mbit"}
	e, err := d.CreateEndpoint(t.Context(), network(), e)
	must(t, err)
	_, err = w.Fabric.Reserve(t.Context(), 7, e.Address.Addr(), "")
	must(t, err)
	_, err = d.Join(t.Context(), network(), e)
	must(t, err)
	_, err = d.Sweep(t.Context(), func() []cnm.Endpoint { return nil })
	must(t, err)
	if left := traces(t, w); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
