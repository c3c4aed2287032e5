// SPDX-License-Identifier: Apache-2.0

package names

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The domains of reverse look-ups, in lower case.
const (
	reverse4 = ".in-addr.arpa" // RFC 1035, section 3.5
	reverse6 = ".ip6.arpa"     // RFC 3596, section 2.5
)

// reverse reads the address in the name of a reverse look-up, in lower case
// and without the last dot. A name of fewer labels than an address has, as
// that of a zone, is none.
func reverse(name string) (netip.Addr, bool) {
	if digits, ok := strings.CutSuffix(name, reverse4); ok {
		return reverseIPv4(strings.Split(digits, "."))
	}
	if nibbles, ok := strings.CutSuffix(name, reverse6); ok {
		return reverseIPv6(strings.Split(nibbles, "."))
	}
	return netip.Addr{}, false
}

func reverseIPv4(labels []string) (netip.Addr, bool) {
	var a [4]byte
	if len(labels) != len(a) {
		return netip.Addr{}, false
	}
	for i, label := range labels {
		n, err := strconv.ParseUint(label, 10, 8)
		if err != nil || strconv.FormatUint(n, 10) != label {
			return netip.Addr{}, false
		}
		a[len(a)-1-i] = byte(n)
	}
	return netip.AddrFrom4(a), true
}

func reverseIPv6(labels []string) (netip.Addr, bool) {
	var a [16]byte
	slices.Reverse(labels)
	text := strings.Join(labels, "")
	if len(labels) != 2*len(a) || len(text) != len(labels) {
		return netip.Addr{}, false
	}
	if _, err := hex.Decode(a[:], []byte(text)); err != nil {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16(a), true
}
