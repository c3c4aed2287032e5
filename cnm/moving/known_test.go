// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"strings"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// What a host tells of a container is compared with what the controller knows of it.
func TestBelied(t *testing.T) {
	_, _, a := told(t, nil)
	for name, test := range map[string]struct {
		change func(*spec, *apiv1.CarryCheck)
		told   string
	}{
		"as it is":        {func(*spec, *apiv1.CarryCheck) {}, ""},
		"nothing known":   {func(s *spec, c *apiv1.CarryCheck) { c.Container, s.Name = "", "other" }, ""},
		"another name":    {func(s *spec, _ *apiv1.CarryCheck) { s.Name = "other" }, "of container other, not of full"},
		"another address": {func(s *spec, _ *apiv1.CarryCheck) { s.Attachments[0].Address = "10.9.9.9" }, "10.9.9.9"},
		"another of IPv6": {func(s *spec, _ *apiv1.CarryCheck) { s.Attachments[0].Address6 = "2001:db8::99" }, "2001:db8::99"},
		"of IPv6 as it is": {func(s *spec, c *apiv1.CarryCheck) {
			s.Attachments[0].Address6, c.Bears[0].Address6 = "fd00:7:0::77", "fd00:7::77"
		}, ""},
		"none of IPv6": {func(_ *spec, c *apiv1.CarryCheck) { c.Bears[0].Address6 = "fd00:7::77" }, ""},
		"no address":   {func(s *spec, _ *apiv1.CarryCheck) { s.Attachments[0].Address = "x" }, " x "},
		"another MAC":  {func(s *spec, _ *apiv1.CarryCheck) { s.Attachments[0].MAC = "02:00:00:00:00:99" }, "02:00:00:00:00:99"},
		"one more network": {func(s *spec, _ *apiv1.CarryCheck) {
			s.Attachments = append(s.Attachments, attachment{Network: "secret", Driver: "linkspan"})
		}, "in network secret"},
		"one more, of no driver": {func(s *spec, _ *apiv1.CarryCheck) {
			s.Attachments = append(s.Attachments, attachment{Network: "secret"})
		}, "in network secret"},
		"a mode": {func(s *spec, _ *apiv1.CarryCheck) {
			s.Attachments = nil
			s.Host.set("NetworkMode", "secret")
		}, "in network secret"},
		"Docker's own": {func(s *spec, _ *apiv1.CarryCheck) {
			s.Attachments = append(s.Attachments, attachment{Network: "bridge", Driver: "bridge"})
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := decode(a.GetSpec())
			if err != nil {
				t.Fatal(err)
			}
			c := &apiv1.CarryCheck{Container: s.Name}
			for _, at := range s.Attachments {
				c.Bears = append(c.Bears, &apiv1.MoveAddress{Network: at.Network, Address: at.Address, Address6: at.Address6, Mac: strings.ToUpper(at.MAC)})
			}
			test.change(&s, c)
			got := belied(&s, c)
			switch {
			case test.told == "" && len(got) > 0:
				t.Errorf("told are %q", got)
			case test.told != "" && (len(got) != 1 || !strings.Contains(got[0], test.told)):
				t.Errorf("told are %q, want %q", got, test.told)
			}
		})
	}
}
