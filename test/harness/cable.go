// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"fmt"
	"os/exec"
	"testing"
)

// Cable joins a new device of one node with a new device of another. It goes with
// either of them.
func (l *Lab) Cable(t *testing.T, node, device, other, device2 string) {
	t.Helper()
	space := func(node string) string { return fmt.Sprintf("/proc/%d/ns/net", l.pid(t, node)) }
	args := []string{"link", "add", device, "netns", space(node), "type", "veth", "peer", "name", device2, "netns", space(other)}
	if out, err := exec.CommandContext(t.Context(), "ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", args, err, out)
	}
}
