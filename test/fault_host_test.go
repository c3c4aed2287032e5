// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// TestHostGoneForGood cuts the power of a host and removes it: what it had is
// free, nobody has a way to it, and its certificate is worth nothing when it
// comes back all the same.
func TestHostGoneForGood(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	// Nothing tells h2 any more that the network is removed: it goes with the lab.
	l.CLI(t, "network", "create", "--subnet", "10.56.0.0/24", "--idle", "10m", "gone")
	l.Shown(t, "gone")
	c1 := l.Run(t, "h1", "gone1", "--network", "gone")
	c2 := l.Run(t, "h2", "gone2", "--network", "gone", "--ip", "10.56.0.50")
	c1.Reaches(t, c2, "gone")
	if err := l.PowerOff(t.Context(), "h2"); err != nil {
		t.Fatal(err)
	}
	if r := l.TryCLI("switch", "rm", "h2"); r.Exit != 1 || !hasAll(r.Err, []string{"h2", "1 endpoint", "--force"}) {
		t.Errorf("switch rm without --force: %v", r)
	}
	l.CLI(t, "switch", "rm", "--force", "h2")
	if out := l.CLI(t, "switch", "ls", "-q"); out != "h1" {
		t.Errorf("switches are %q", out)
	}
	endpoints(t, l, "gone", 1)
	unplugged(t, l, "gone")
	noTrace(t, l, "10.56.0.50")
	c1.Isolated(t, "10.56.0.50")
	c3 := l.Run(t, "h1", "gone3", "--network", "gone", "--ip", "10.56.0.50")
	c1.Reaches(t, c3, "gone")

	if err := l.PowerOn(t.Context(), "h2"); err != nil {
		t.Fatal(err)
	}
	harness.Eventually(t, "the controller refuses the certificate", func() error {
		text, err := os.ReadFile(l.LogFile("h2", "switch"))
		if err == nil && !hasAll(string(text), []string{"refuses this host's certificate", "linkspan switch token"}) {
			err = fmt.Errorf("%d bytes of log", len(text))
		}
		return err
	})
	if out := l.CLI(t, "switch", "ls", "-q"); out != "h1" {
		t.Errorf("switches are %q after the return of h2", out)
	}
	endpoints(t, l, "gone", 2)
	c1.Reaches(t, c3, "gone")
}

// noTrace waits until no flow and no tunnel peer of h1 has to do with the address.
func noTrace(t *testing.T, l *harness.Lab, address string) {
	t.Helper()
	harness.Eventually(t, "h1 knows no way to "+address, func() error {
		for _, flow := range l.Flows(t, "h1") {
			if strings.Contains(flow, address) {
				return fmt.Errorf("flow %s", flow)
			}
		}
		if out := l.On(t, "h1", "bridge", "fdb", "show"); strings.Contains(out, "dst "+l.Address("h2").String()) {
			return fmt.Errorf("tunnel peers:\n%s", out)
		}
		return nil
	})
}
