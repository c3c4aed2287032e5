// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Name returns the name of a link: a prefix of four bytes and 55 bits of a
// SHA-256 of an id, 15 bytes together (IFNAMSIZ less its zero).
func Name(prefix, id string) string {
	sum := sha256.Sum256([]byte(id))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:11])
}

// MAC returns the endpoint's MAC or, when it has none, a locally administered
// unicast address (IEEE 802, 8.2) that depends on its address and the network
// that the address is unique in, so that neighbours need not learn a new one
// when the address comes back, be it on another host.
func MAC(network string, e cnm.Endpoint) linkspan.MAC {
	if e.MAC != (linkspan.MAC{}) {
		return e.MAC
	}
	of := e.ID
	if has := e.Addresses(); len(has) > 0 {
		of = has[0].Addr().String()
	}
	sum := sha256.Sum256([]byte(network + " " + of))
	return linkspan.MAC{0x02, sum[0], sum[1], sum[2], sum[3], sum[4]}
}
