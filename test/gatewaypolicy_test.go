// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// barred is a policy about somebody outside.
const barred = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: barred}
spec:
  priority: 10
  action: deny
  %s: [{network: web}]
  %s: [{cidr: %s}]
`

// bar denies what goes between web and the second host, in the direction that is said.
func (w *edge) bar(t *testing.T, web, them string) {
	t.Helper()
	there := netip.MustParseAddr(w.there)
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, barred, web, them, netip.PrefixFrom(there, there.BitLen())), 0o600); err != nil {
		t.Fatal(err)
	}
	w.CLI(t, "policy", "apply", "-f", file)
}

// cutOff waits until nobody answers at an address.
func cutOff(t *testing.T, by *harness.Container, address string) {
	t.Helper()
	harness.Eventually(t, "a policy cuts "+by.Name+" off "+address, func() error {
		if r := by.Try("/probe", "ask", "-wait", "2s", "tcp", address); r.Exit == 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}

// policies speak of what is outside by address.
func (w *edge) policies(t *testing.T) {
	out := net.JoinHostPort(w.there, "7000")
	web, twin := net.JoinHostPort(w.here, "8000"), net.JoinHostPort(w.here, "8200")
	served(t, w.web, "tcp", out, "host2")
	w.bar(t, "from", "to")
	cutOff(t, w.web, out)
	served(t, w.twin, "tcp", out, "host2")
	served(t, w.outside, "tcp", web, "web1") // the other direction
	served(t, w.web, "tcp", twin, "twin1")   // another address
	w.bar(t, "to", "from")
	cutOff(t, w.outside, web)
	served(t, w.web, "tcp", out, "host2")
	served(t, w.outside, "tcp", twin, "twin1")
	w.CLI(t, "policy", "rm", "barred")
	harness.Eventually(t, "what no policy cuts goes on", func() error {
		if r := w.outside.Try("/probe", "ask", "-wait", "2s", "tcp", web); r.Out != "web1" {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
}
