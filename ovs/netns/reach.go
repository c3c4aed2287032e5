// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
)

// SetOffload changes the offloads of the other end of a veth, which is in the
// sandbox at path, or not yet there. Errors: NotFound, when it is in neither.
func SetOffload(path, host string, o Offload) error {
	link, err := netlink.LinkByName(host)
	if missing(err) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "there is no link " + host, Err: err}
	}
	if err != nil {
		return fmt.Errorf("look up %s: %w", host, err)
	}
	veth, peer := link.Attrs().Index, link.Attrs().ParentIndex
	err = setHere(veth, peer, o)
	if linkspan.CodeOf(err) != linkspan.NotFound {
		return err
	}
	box, err := Open(path)
	if err != nil {
		return err
	}
	return errors.Join(box.Do(func() error { return setHere(veth, peer, o) }), box.Close())
}

// setHere sets the offloads of the link number peer of this namespace, if its
// other end is number veth.
func setHere(veth, peer int, o Offload) error {
	link, err := netlink.LinkByIndex(peer)
	if err == nil && (link.Type() != "veth" || link.Attrs().ParentIndex != veth) {
		err = netlink.LinkNotFoundError{}
	}
	if missing(err) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "the other end of a veth is not here", Err: err}
	}
	if err != nil {
		return fmt.Errorf("look up link %d: %w", peer, err)
	}
	return o.set(link.Attrs().Name)
}
