// SPDX-License-Identifier: Apache-2.0

package overlay_test

import (
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// describe lists the rules that drop, with their counters.
func describe(rules []*nftables.Rule) (out string) {
	for _, r := range rules {
		packets := uint64(0)
		for _, e := range r.Exprs {
			switch e := e.(type) {
			case *expr.Counter:
				packets = e.Packets
			case *expr.Verdict:
				if e.Kind == expr.VerdictDrop {
					out += fmt.Sprintf("packets %d drop\n", packets)
				}
			}
		}
	}
	return out
}
