// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

const secondOfWeb, secondOfDB = "fd00:91::77", "fd00:92::5"

// toldOfBoth is what a host tells of the container of testdata where its networks have
// IPv6, too: in web it had chosen its address, in db Docker had.
func toldOfBoth(t *testing.T) *apiv1.CarryAnswer {
	t.Helper()
	_, _, a := told(t, func(c map[string]any) {
		all := c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
		web, db := all["web"].(map[string]any), all["db"].(map[string]any)
		web["IPAMConfig"].(map[string]any)["IPv6Address"] = strings.ToUpper(secondOfWeb)
		for settings, address := range map[*map[string]any]string{&web: secondOfWeb, &db: secondOfDB} {
			(*settings)["GlobalIPv6Address"], (*settings)["GlobalIPv6PrefixLen"] = address, 64
			(*settings)["IPv6Gateway"] = address[:6] + "::1"
		}
	})
	return a
}

// TestSecondAddressesAreCarried: they are told, planned, and given to the other dockerd,
// whoever had chosen them.
func TestSecondAddressesAreCarried(t *testing.T) {
	a := toldOfBoth(t)
	want := map[string]string{"web": secondOfWeb, "db": secondOfDB}
	for _, at := range a.GetPlan().GetAddresses() {
		if at.GetAddress6() != want[at.GetNetwork()] {
			t.Errorf("planned is %v", at)
		}
	}
	s, err := decode(a.GetSpec())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range s.Attachments {
		settings, ipam := one.settings(), make(fields)
		settings.read("IPAMConfig", &ipam)
		if ipam.text("IPv6Address") != want[one.Network] || ipam.text("IPv4Address") == "" {
			t.Errorf("in network %s dockerd is given %s", one.Network, settings["IPAMConfig"])
		}
		for _, key := range []string{"GlobalIPv6Address", "GlobalIPv6PrefixLen", "IPv6Gateway"} {
			if settings.has(key) {
				t.Errorf("in network %s dockerd is given %s, which it fills in itself", one.Network, key)
			}
		}
	}
	for _, version := range []string{"1.41", "1.51"} {
		if text := string(body(&s, "busybox", version)["NetworkingConfig"]); !strings.Contains(text, `"IPv6Address":"fd00:`) {
			t.Errorf("create of API %s is given %s", version, text)
		}
	}
}

// TestSecondAddressesAreLookedAt: a container that has another one does not count as
// started, whoever looks.
func TestSecondAddressesAreLookedAt(t *testing.T) {
	for name, misplaced := range map[string]bool{"its own": false, "another": true} {
		t.Run(name, func(t *testing.T) {
			a := toldOfBoth(t)
			d := newDockerd(t)
			d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
			d.misplaces6 = misplaced
			h := d.host(t, "h2", Anything, nil)
			id := must(t, h, makeTask(a.GetSpec())).GetContainer()
			_, err := h.do(t.Context(), startTask(id, a.GetSpec()))
			if misplaced != (linkspan.CodeOf(err) == linkspan.Conflict) || misplaced && !strings.Contains(err.Error(), "GlobalIPv6Address in network") {
				t.Errorf("it was started: %v", err)
			}
			look := &apiv1.CarryTask{What: &apiv1.CarryTask_Look{Look: &apiv1.CarryLook{Container: id}}}
			if got := must(t, h, look).GetRunning(); got == misplaced {
				t.Errorf("it is seen to run: %v", got)
			}
		})
	}
}

// TestAddressesWrittenOtherwise are the same to whoever looks whether they came along.
func TestAddressesWrittenOtherwise(t *testing.T) {
	c := &container{}
	shown := make(fields)
	shown.set("IPAddress", "10.91.0.77")
	shown.set("GlobalIPv6Address", "fd00:91:0:0::77")
	shown.set("MacAddress", "02:55:B6:D1:1D:9A")
	c.NetworkSettings.Networks = map[string]fields{"web": shown}
	same := place{"web", "10.91.0.77", secondOfWeb, "02:55:b6:d1:1d:9a"}
	if err := placed(c, []place{same, {Network: "web"}}); err != nil {
		t.Error(err)
	}
	for _, other := range []place{
		{"web", "10.91.0.78", "", ""}, {"web", "", "fd00:91::78", ""}, {"web", "", "", "02:55:b6:d1:1d:9b"}, {"db", "", secondOfDB, ""},
	} {
		if err := placed(c, []place{same, other}); linkspan.CodeOf(err) != linkspan.Conflict {
			t.Errorf("%+v: %v", other, err)
		}
	}
}
