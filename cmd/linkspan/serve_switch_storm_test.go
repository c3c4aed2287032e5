// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/ovs/storm"
)

func TestStormCheck(t *testing.T) {
	flood := storm.State{Port: storm.Port{Container: "c1", Number: 100}, Kind: storm.ARP, Rate: 5000}
	for _, c := range []struct {
		report storm.Report
		state  apiv1.Check_State
		says   string
	}{
		{storm.Report{Fenced: 3}, apiv1.Check_STATE_OK, "watches 3 ports, none floods"},
		{storm.Report{Fenced: 3, Floods: []storm.State{flood}, Trouble: "x"}, apiv1.Check_STATE_WARNING, "c1 on port 100 sends 5000 packets/s in vain (ARP)"},
		{storm.Report{Trouble: "no hook"}, apiv1.Check_STATE_WARNING, "not for all containers: no hook"},
	} {
		if got := stormCheck(c.report); got.GetState() != c.state || !strings.Contains(got.GetFound(), c.says) {
			t.Errorf("%v, want %q", got, c.says)
		}
	}
}
