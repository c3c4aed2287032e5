// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var packets = regexp.MustCompile(`n_packets=([0-9]+)`)

// Packets counts what has hit the flows of a host whose text has all of the
// given parts, as in "table=30" and "priority=10,".
func (l *Lab) Packets(t *testing.T, host string, parts ...string) int {
	t.Helper()
	// Counters are pushed by the revalidators; this waits for one round of them.
	l.On(t, host, "ovs-appctl", "revalidator/wait")
	total, flows := 0, 0
	for _, line := range lines(l.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "dump-flows", "br-link")) {
		if !hasAll(line, parts) {
			continue
		}
		flows++
		if m := packets.FindStringSubmatch(line); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				t.Fatal(err)
			}
			total += n
		}
	}
	if flows == 0 {
		t.Fatalf("no flow of %s has %q", host, parts)
	}
	return total
}

func hasAll(line string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(line, p) {
			return false
		}
	}
	return true
}

// Asked counts the packets that the hosts have sent to the controller.
func (l *Lab) Asked(t *testing.T) int {
	t.Helper()
	total := 0
	for _, host := range l.Hosts() {
		total += l.Packets(t, host, "CONTROLLER:")
	}
	return total
}
