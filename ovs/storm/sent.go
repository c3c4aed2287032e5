// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Sent returns how many packets have come out of each container, by the name of
// the host's end of its veth, in the namespace of the process. It is one read of
// a file, for any number of containers.
func Sent() (map[string]uint64, error) {
	// The thread's: another one may be in a container just now.
	text, err := os.ReadFile("/proc/thread-self/net/dev")
	if err != nil {
		return nil, fmt.Errorf("counters of links: %w", err)
	}
	return sent(text), nil
}

// containers says whether a link is the host's end of a container's veth, the one
// of a container with limits included.
func containers(name []byte) bool {
	return bytes.HasPrefix(name, []byte(netns.HostPrefix)) || bytes.HasPrefix(name, []byte(shape.Inner(netns.HostPrefix)))
}

// sent reads lines "NAME: BYTES PACKETS ...", received first (proc(5)).
func sent(text []byte) map[string]uint64 {
	all := make(map[string]uint64)
	for line := range bytes.Lines(text) {
		name, rest, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":"))
		if !ok || !containers(name) {
			continue
		}
		fields := bytes.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		if n, err := strconv.ParseUint(string(fields[1]), 10, 64); err == nil {
			all[string(name)] = n
		}
	}
	return all
}
