// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"testing"

	"github.com/linkspan/linkspan/lab"
)

// TestAcrossNetworksOverARestart: hosts that share no network, and are peers only as
// a packet asked, keep what runs between them when a program goes and comes back.
func TestAcrossNetworksOverARestart(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "near", "10.52.0.0/24")
	l.Network(t, "far", "10.53.0.0/24")
	l.CLI(t, "group", "create", "both", "near", "far")
	far := l.Run(t, "h2", "far2", "--network", "far")
	talk := l.ConverseAt(t, "h1", "talker", "near", far.Address(t, "far"))
	for _, r := range []struct{ node, program string }{{"controller", "controller"}, {"h1", "switch"}} {
		for name, again := range map[string]func(context.Context, string, string) error{
			"ends": l.Restart, "is killed": l.Crash,
		} {
			t.Run(r.program+" "+name, func(t *testing.T) {
				talk.Undisturbed(t, func() {
					if err := again(t.Context(), r.node, r.program); err != nil {
						t.Fatal(err)
					}
				})
			})
		}
	}
	l.CLI(t, "group", "rm", "both")
	still(t, talk)
}
