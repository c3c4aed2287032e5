// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// TestFlowsGoBackWithoutController kills ovs-vswitchd, and ends it in order,
// while no controller is there: what talked talks again, and when the controller
// is back it finds these flows and keeps them.
func TestFlowsGoBackWithoutController(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "alone", "10.55.0.0/24", "--idle", "60s")
	c1 := l.Run(t, "h1", "alone1", "--network", "alone")
	c2 := l.Run(t, "h2", "alone2", "--network", "alone")
	talk := l.Converse(t, "h1", "talker", "alone", c2)
	c1.Reaches(t, c2, "alone")
	flows := l.Flows(t, "h2")
	meters := metersOf(t, l, "h2")
	if err := l.Stop(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	for _, how := range []unix.Signal{unix.SIGKILL, unix.SIGTERM} {
		pid, err := l.PID("h2", "ovs-vswitchd")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Kill("h2", "ovs-vswitchd", how); err != nil {
			t.Fatal(err)
		}
		harness.Eventually(t, "another ovs-vswitchd runs", func() error {
			if now, err := l.PID("h2", "ovs-vswitchd"); err != nil || now == pid {
				return errors.Join(err, fmt.Errorf("process %d, before %d", now, pid))
			}
			return nil
		})
		p := talk.GoesOn(t)
		t.Logf("after %v: %+v", how, p)
		harness.Eventually(t, "the flows are those of before", func() error {
			if diff := cmp.Diff(flows, l.Flows(t, "h2")) + cmp.Diff(meters, metersOf(t, l, "h2")); diff != "" {
				return fmt.Errorf("%s", diff)
			}
			return nil
		})
		c1.Reaches(t, c2, "alone")
	}
	kept := routeFlows(t, l, "h2")
	if err := l.Start(t.Context(), "controller", "controller"); err != nil {
		t.Fatal(err)
	}
	c3 := l.Run(t, "h2", "alone3", "--network", "alone")
	c3.Reaches(t, c1, "alone")
	for _, flow := range kept { // its cookie tells when it was plugged
		if now := routeFlows(t, l, "h2"); !slices.Contains(now, flow) {
			t.Errorf("the controller replaced the flow %s:\n%s", flow, strings.Join(now, "\n"))
		}
	}
	talk.GoesOn(t)
}

// routeFlows returns the flows of routes of a host, with their whole cookies.
func routeFlows(t *testing.T, l *harness.Lab, host string) []string {
	t.Helper()
	out := l.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "br-link", "cookie=0x2100000000000000/0xff00000000000000")
	var list []string
	for line := range strings.Lines(out) {
		if strings.Contains(line, "cookie=") {
			list = append(list, strings.TrimSpace(line))
		}
	}
	return list
}

func metersOf(t *testing.T, l *harness.Lab, host string) []string {
	t.Helper()
	out := l.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "br-link")
	_, list, _ := strings.Cut(out, "\n") // the head has a number of its own
	meters := strings.Split(list, "\n")
	slices.Sort(meters)
	return meters
}
