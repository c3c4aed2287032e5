// SPDX-License-Identifier: Apache-2.0

package livetest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// megaflow reads a line of dpctl/dump-flows: key and actions.
var megaflow = regexp.MustCompile(`^ufid:[^,]+, (.*), packets:.*, actions:(\S+?)(?:,? dp-extra-info.*)?$`)

// unsent is what a trace says of a packet to the controller: it is not sent.
var unsent = strings.NewReplacer("dont_send=1", "dont_send=0")

// settle waits until the revalidators have looked at all cached flows twice: a first
// round may have begun before a change.
func (h *host) settle() {
	h.appctl("revalidator/wait")
	h.appctl("revalidator/wait")
}

// megaflows returns the cached flows of IP that do not take the slow path, actions by
// key.
func (h *host) megaflows() map[string]string {
	h.t.Helper()
	cached := make(map[string]string)
	dp := strings.TrimSpace(h.appctl("dpctl/dump-dps"))
	for line := range strings.Lines(h.appctl("dpctl/dump-flows", "--no-names", "-m", dp)) {
		m := megaflow.FindStringSubmatch(strings.TrimSpace(line))
		if m != nil && (strings.Contains(m[1], "eth_type(0x0800)") || strings.Contains(m[1], "eth_type(0x86dd)")) && !strings.Contains(m[2], "slow_path") {
			cached[m[1]] = m[2]
		}
	}
	return cached
}

// stale returns the cached flows that do not do what the tables say of their packets.
func (h *host) stale() (list []string) {
	h.t.Helper()
	for key, does := range h.megaflows() {
		_, said, _ := strings.Cut(h.appctl("ofproto/trace", key), "Datapath actions: ")
		said, _, _ = strings.Cut(said, "\n")
		if should := unsent.Replace(strings.TrimSpace(said)); should != does {
			list = append(list, fmt.Sprintf("%s\n\tdoes   %s\n\tshould %s", key, does, should))
		}
	}
	return list
}

// fresh holds that some time after a change no cached flow is as it was before. One try
// may meet a change that goes on meanwhile, as that of a flow that idles out.
func (h *host) fresh(t *testing.T, when string) {
	t.Helper()
	const tries = 4
	var list []string
	for range tries {
		h.settle()
		if list = h.stale(); len(list) == 0 {
			return
		}
	}
	t.Errorf("host %d, %s: %d cached flows are not what the tables say:\n%s", h.id, when, len(list), strings.Join(list, "\n"))
}
