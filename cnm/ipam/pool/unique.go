// SPDX-License-Identifier: Apache-2.0

package pool

import (
	"crypto/sha256"
	"net/netip"
	"os"
)

// uniqueLocal returns a /48 of fd00::/8 with a global id of 40 bits that
// depends on what is given (RFC 4193, 3.2), so that hosts have different ones
// and one host always the same.
func uniqueLocal(machine []byte) netip.Prefix {
	sum := sha256.Sum256(append([]byte("linkspan ipam pool "), machine...))
	a := [16]byte{0: 0xfd}
	copy(a[1:6], sum[:])
	return netip.PrefixFrom(netip.AddrFrom16(a), 48)
}

// machine returns what this host has and no other one: machine-id(5), or its
// name where there is none.
func machine() []byte {
	if id, err := os.ReadFile("/etc/machine-id"); err == nil && len(id) > 0 {
		return id
	}
	name, _ := os.Hostname() // an empty one is as good as a constant
	return []byte(name)
}
