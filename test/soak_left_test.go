// SPDX-License-Identifier: Apache-2.0

package test

import (
	"slices"
	"strings"
	"time"
)

// sweeping is how long an address may stay stored after its container: what was
// under way when a switch or dockerd was killed is swept after two minutes.
const sweeping = 3 * time.Minute

// leftovers are addresses that the controller lists and Docker does not have.
type leftovers struct {
	since map[string]time.Time // by line of the list
	count int
}

// over says whether a listed address is one that is left over, and not for too
// long yet.
func (x *leftovers) over(line string, docker []string) bool {
	if slices.Contains(docker, line) {
		delete(x.since, line)
		return false
	}
	if x.since == nil {
		x.since = make(map[string]time.Time)
	}
	since, known := x.since[line]
	if !known {
		since = time.Now()
		x.since[line] = since
		if len(strings.Fields(line)) == 3 { // else it was reserved only
			x.count++
		}
	}
	return time.Since(since) < sweeping
}
