// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// marked matches a cached flow of the kernel that has read one bit of ct_zone, as all that
// end a packet's way do (ADR 0025), by its name.
var marked = regexp.MustCompile(`(?m)^(ufid:[0-9a-f-]+),.*ct_zone\(0/0x[1248]0*\).*eth_type\(0x0800\).*,ttl=64.* actions:set`)

// cachedFlowsStay: the kernel keeps the bit that a cached flow matches, and gives it back,
// so that ovs-vswitchd finds the flow right each time that it looks: one that is used and
// that nothing changes stays for good.
func cachedFlowsStay(t *testing.T, s *scene) {
	stop := talk(t, s.c1, s.c2)
	defer stop()
	dump := func() string { return s.On(t, "h1", "ovs-appctl", "dpctl/dump-flows", "-m", "system@ovs-system") }
	var name string
	harness.Eventually(t, "a cached flow", func() error {
		flows := dump()
		if m := marked.FindStringSubmatch(flows); m != nil {
			name = m[1]
			return nil
		}
		return errors.New(flows)
	})
	const rounds = 6
	for range rounds {
		s.On(t, "h1", "ovs-appctl", "revalidator/wait")
		if flows := dump(); !strings.Contains(flows, name) {
			t.Fatalf("%s is gone:\n%s", name, flows)
		}
	}
	t.Log(dump())
}
