// SPDX-License-Identifier: Apache-2.0

package netns_test

import (
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/ovs/netns"
)

func TestRaise(t *testing.T) {
	const name = "t-raise"
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: name}, PeerName: name + "p"}
	if err := netlink.LinkAdd(link); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := netlink.LinkDel(link); err != nil {
			t.Error(err)
		}
	}()
	for _, want := range []bool{true, false} {
		if was, err := netns.Raise(name); was != want || err != nil {
			t.Errorf("was down: %v, %v; want %v", was, err, want)
		}
	}
	if was, err := netns.Raise("t-none"); was || err != nil {
		t.Errorf("a link that is not there: %v, %v", was, err)
	}
}
