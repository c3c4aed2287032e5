// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

func typed(options, labels map[string]string) (Network, cnm.Network) {
	subnet := netip.MustParsePrefix("10.7.0.0/24")
	return Network{Name: "web", Labels: labels}, cnm.Network{Subnet: subnet, Gateway: subnet.Addr().Next(), Options: options}
}

// What was typed on one host is what docker network inspect shows on the next.
func TestTypedOptionsTravelInTheirWords(t *testing.T) {
	for _, options := range []map[string]string{
		{},
		{optionIdle: "30s"}, // the default, but typed
		{optionIdle: "1m"},
		{optionIdle: "60s"},
		{optionIdle: "5m"},
		{optionIdle: "1h"},
		{optionIdle: "1h0m0s"},
		{optionIdle: "90s", optionMTU: "1400"},
		{linkspan.OptionEgress: "100mbit"},
		{linkspan.OptionEgress: "1000mbit", linkspan.OptionIngress: "none"},
		{"com.docker.network.container_iface_prefix": "lan"},
	} {
		wish, err := wishOf(typed(options, nil))
		if err != nil {
			t.Fatal(err)
		}
		wish.ApplyDefaults()
		if diff := cmp.Diff(options, dockerOptions(wish)); diff != "" {
			t.Errorf("-typed +shown:\n%s", diff)
		}
	}
}

func TestOptionsOfANetworkThatNobodyTyped(t *testing.T) {
	for _, test := range []struct {
		idle time.Duration
		text string // empty: no option
	}{
		{linkspan.DefaultIdle, ""},
		{0, ""},
		{time.Second, "1s"},
		{time.Minute, "1m"},
		{90 * time.Second, "1m30s"},
		{5 * time.Minute, "5m"},
		{10 * time.Minute, "10m"},
		{time.Hour, "1h"},
		{10 * time.Hour, "10h"},
		{time.Hour + 30*time.Minute, "1h30m"},
		{time.Hour + time.Second, "1h0m1s"},
	} {
		got := dockerOptions(linkspan.Network{Idle: test.idle, MTU: 1400})
		if got[optionIdle] != test.text || len(got) > 1 || got[optionMTU] != "" {
			t.Errorf("idle %s: got %v, want %q", test.idle, got, test.text)
		}
	}
}

// A network that was changed is shown as it is, not as it was typed.
func TestOutgrownOptionsAreNotShown(t *testing.T) {
	labels := map[string]string{labelOption + optionIdle: "60s", labelOption + optionMTU: "1400"}
	for _, test := range []struct {
		network linkspan.Network
		want    map[string]string
	}{
		{linkspan.Network{Idle: time.Minute, MTU: 1400}, map[string]string{optionIdle: "60s", optionMTU: "1400"}},
		{linkspan.Network{Idle: 2 * time.Minute, MTU: 1300}, map[string]string{optionIdle: "2m"}},
		{linkspan.Network{Idle: linkspan.DefaultIdle}, map[string]string{}},
	} {
		test.network.Labels = labels
		if diff := cmp.Diff(test.want, dockerOptions(test.network)); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}

// Who asks for limits under a name of the fabric is not given others.
func TestLimitsMustMatch(t *testing.T) {
	got := linkspan.Network{Limits: linkspan.Limits{Egress: linkspan.Gigabit}}
	for _, test := range []struct {
		wish linkspan.Limits
		fits bool
	}{
		{linkspan.Limits{}, true}, // nothing was asked
		{got.Limits, true},
		{linkspan.Limits{Egress: linkspan.Megabit}, false},
		{linkspan.Limits{Egress: linkspan.Gigabit, Ingress: linkspan.Gigabit}, false},
	} {
		if why := mismatch(&linkspan.Network{Limits: test.wish}, &got); (why == "") != test.fits {
			t.Errorf("%s: got %q", test.wish, why)
		}
	}
}

func TestLabelsOfTheMirrorStayHere(t *testing.T) {
	mine := map[string]string{"tier": "front", LabelNetwork: "000009", labelOption + "x": "y", labelPrefix + "other": "z"}
	wish, err := wishOf(typed(map[string]string{optionIdle: "1m"}, mine))
	if err != nil {
		t.Fatal(err)
	}
	inFabric := map[string]string{"tier": "front", labelOption + optionIdle: "1m"}
	if diff := cmp.Diff(inFabric, wish.Labels); diff != "" {
		t.Errorf("in the fabric, -want +got:\n%s", diff)
	}
	wish.ID, wish.Labels[LabelNetwork] = 7, "000009"
	inDocker := map[string]string{"tier": "front", LabelNetwork: "000007"}
	if diff := cmp.Diff(inDocker, dockerLabels(wish)); diff != "" {
		t.Errorf("in docker, -want +got:\n%s", diff)
	}
	if len(mine) != 4 {
		t.Errorf("the labels of dockerd's network were changed: %v", mine)
	}
}

// An answer that did not come says nothing about the network.
func TestAnInterruptedCallIsNotTheNetworksFault(t *testing.T) {
	for _, err := range []error{context.Canceled, context.DeadlineExceeded} {
		if got := dockerError("create network web", fmt.Errorf("post: %w", err)); unfit(got) || !errors.Is(got, err) {
			t.Errorf("%v has code %v", got, linkspan.CodeOf(got))
		}
	}
}

func TestIdleTextIsTheTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		idle := time.Duration(rapid.IntRange(1, int(linkspan.MaxIdle/time.Second)).Draw(t, "seconds")) * time.Second
		text := idleText(idle)
		if got, err := time.ParseDuration(text); err != nil || got != idle || len(text) > len(idle.String()) {
			t.Fatalf("%s is written %q, which is %s, %v", idle, text, got, err)
		}
	})
}
