// SPDX-License-Identifier: Apache-2.0

package test

import (
	"testing"

	"github.com/linkspan/linkspan/lab"
)

// TestAcrossNetworksOverFaults: what runs between two networks of a group, on two hosts,
// goes on when dockerd is killed, and comes back with the cable of a host; then groups say
// as before who may talk.
func TestAcrossNetworksOverFaults(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.CLI(t, "network", "create", "--subnet", "10.52.0.0/24", "near")
	l.CLI(t, "network", "create", "--subnet", "10.53.0.0/24", "far")
	l.CLI(t, "network", "create", "--subnet", "10.54.0.0/24", "alone")
	for _, name := range []string{"near", "far", "alone"} {
		l.Shown(t, name)
	}
	l.CLI(t, "group", "create", "both", "near", "far")
	near := l.Run(t, "h1", "near1", "--network", "near")
	far := l.Run(t, "h2", "far2", "--network", "far")
	alone := l.Run(t, "h2", "alone2", "--network", "alone")
	talk := l.ConverseAt(t, "h1", "talker", "near", far.Address(t, "far"))
	right := func(t *testing.T) {
		t.Helper()
		near.Reaches(t, far, "far")
		far.Reaches(t, near, "near")
		near.Isolated(t, alone.Address(t, "alone"))
	}
	right(t)
	for _, host := range l.Hosts() {
		t.Run("dockerd of "+host+" is killed", func(t *testing.T) {
			talk.Undisturbed(t, func() {
				if err := l.Crash(t.Context(), host, "dockerd"); err != nil {
					t.Fatal(err)
				}
			})
			right(t)
		})
	}
	for _, host := range l.Hosts() {
		t.Run("the cable of "+host+" is out for a while", func(t *testing.T) {
			if err := l.Unplug(host); err != nil {
				t.Fatal(err)
			}
			still(t, talk)
			if err := l.Plug(host); err != nil {
				t.Fatal(err)
			}
			talk.Recovers(t)
			talk.GoesOn(t) // on the same connection
			right(t)
		})
	}
	// What was changed while a host was away holds when it is back.
	if err := l.Unplug("h2"); err != nil {
		t.Fatal(err)
	}
	l.CLI(t, "group", "rm", "both")
	if err := l.Plug("h2"); err != nil {
		t.Fatal(err)
	}
	still(t, talk)
	near.CutOff(t, far.Address(t, "far"))
	far.CutOff(t, near.Address(t, "near"))
}
