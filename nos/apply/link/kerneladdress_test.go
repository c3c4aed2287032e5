// SPDX-License-Identifier: Apache-2.0

package link

import (
	"slices"
	"testing"
)

// Addresses that are asked for one by one are those that a list of all has.
func TestAddressesOfOneDevice(t *testing.T) {
	w := newWorld(t)
	for _, args := range [][]string{
		{"addr", "add", "192.0.2.1/24", "dev", "n0"}, {"addr", "add", "192.0.2.9/32", "peer", "192.0.2.10/32", "dev", "n0"},
		{"addr", "add", "2001:db8::1/64", "dev", "n0", "nodad"}, {"addr", "add", "2001:db8::2/64", "dev", "n0", "nodad", "valid_lft", "600", "preferred_lft", "600"},
		{"addr", "add", "198.51.100.1/24", "dev", "vlan10"}, {"link", "set", "n0", "up"},
	} {
		w.ip(args...)
	}
	all, err := w.links.devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"n0": 4, "vlan10": 1, "n0p": 0} {
		f, there, err := w.links.device(name)
		if err != nil || !there || len(f.addresses) != n || !slices.Equal(f.addresses, all[name].addresses) {
			t.Errorf("%s: %v, %v, %v; of all: %v", name, f, there, err, all[name])
		}
	}
	if _, there, err := w.links.device("n9"); there || err != nil {
		t.Errorf("a device that is not there: %v, %v", there, err)
	}
	if _, err := w.links.addressesOf(1 << 20); !missing(err) {
		t.Errorf("an index that nothing has: %v", err)
	}
}

// A message may be cut anywhere.
func FuzzAddressIn(f *testing.F) {
	f.Add([]byte{2, 24, 0x80, 0, 7, 0, 0, 0, 8, 0, 2, 0, 192, 0, 2, 1})
	f.Add([]byte{10, 64, 0, 0, 7, 0, 0, 0, 20, 0, 1, 0, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 8, 0, 8, 0, 0x80, 0, 0, 0})
	f.Add([]byte("00000000\n\x0000000000"))
	f.Fuzz(func(t *testing.T, m []byte) {
		if _, a, ok := addressIn(m); ok && !a.Addr().IsValid() {
			t.Errorf("%v", a)
		}
	})
}
