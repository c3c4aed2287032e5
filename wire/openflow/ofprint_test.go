// SPDX-License-Identifier: Apache-2.0

package openflow_test

import (
	"encoding/hex"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	of "github.com/linkspan/linkspan/wire/openflow"
)

const testXID = 0x1234

// ofPrint has Open vSwitch decode and print a message.
func ofPrint(t *testing.T, msg []byte, more ...string) string {
	t.Helper()
	path, err := exec.LookPath("ovs-ofctl")
	if err != nil {
		t.Skip("ovs-ofctl is not installed: it is what judges the bytes")
	}
	args := append([]string{"-O", "OpenFlow13", "--no-names", "ofp-print", hex.EncodeToString(msg)}, more...)
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("ovs-ofctl: %v: %s", err, out)
	}
	lines := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestFlowsAsOpenVSwitchReadsThem(t *testing.T) {
	for _, c := range flowCases() {
		t.Run(c.name, func(t *testing.T) {
			got := ofPrint(t, c.mod().Append(nil, testXID))
			head := "OFPT_FLOW_MOD (OF1.3) (xid=0x1234): ADD "
			if c.table != 0 {
				head += "table:" + strconv.Itoa(int(c.table)) + " "
			}
			if diff := cmp.Diff(head+c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestFlowText holds our own rendering to the printed form.
func TestFlowText(t *testing.T) {
	for _, c := range flowCases() {
		f := c.mod()
		s := of.FlowStats{Priority: f.Priority, Match: f.Match, Instructions: f.Instructions}
		_, got, _ := strings.Cut(s.String(), "n_bytes=0, ")
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", c.name, diff)
		}
	}
}
