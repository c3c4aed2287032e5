// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// HostPrefix begins the name of every host end, and of no other link.
const HostPrefix = "lsh-"

// peerPrefix begins the name of a container's end until dockerd renames it.
const peerPrefix = "lsp-"

// Names returns the names of the two ends of an endpoint's veth, 15 bytes each
// (IFNAMSIZ less its zero): 55 bits of a SHA-256 of the endpoint's id.
func Names(endpointID string) (host, peer string) {
	sum := sha256.Sum256([]byte(endpointID))
	tail := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:11])
	return HostPrefix + tail, peerPrefix + tail
}
