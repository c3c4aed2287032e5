// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view/hamt"
)

// Key names an endpoint: its network and its address there.
type Key struct {
	Network linkspan.NetworkID
	Address netip.Addr
}

// KeyOf returns the key of e.
func KeyOf(e *linkspan.Endpoint) Key { return Key{e.Network, e.Address} }

// String returns "network/address".
func (k Key) String() string { return fmt.Sprintf("%s/%s", k.Network, k.Address) }

// Hash returns a hash of the whole key but the zone of a link-local address.
func (k Key) Hash() uint64 {
	if k.Address.Is4() {
		a := k.Address.As4()
		return hamt.Mix(uint64(k.Network)<<32 | uint64(binary.BigEndian.Uint32(a[:])))
	}
	a := k.Address.As16()
	h := hamt.Mix(uint64(k.Network) ^ binary.BigEndian.Uint64(a[:8]))
	return hamt.Mix(h ^ binary.BigEndian.Uint64(a[8:]))
}

// networkKey and chassisKey key maps by number.
type (
	networkKey linkspan.NetworkID
	chassisKey linkspan.ChassisID
)

func (k networkKey) Hash() uint64 { return hamt.Mix(uint64(k)) }
func (k chassisKey) Hash() uint64 { return hamt.Mix(uint64(k)) }
