// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"fmt"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/lab/process"
)

const (
	bridgeName  = "underlay"
	underlayMTU = 1500
)

// space is a network namespace and a way to speak to it.
type space struct {
	ns netns.NsHandle
	*netlink.Handle
}

func openSpace(init process.Identity) (*space, error) {
	if !init.Alive() {
		return nil, &linkspan.Error{
			Code: linkspan.Unavailable, Message: "a part of the lab is gone",
			Hint: "linkspan lab down, then linkspan lab up",
		}
	}
	ns, err := netns.GetFromPid(init.PID)
	if err != nil {
		return nil, fmt.Errorf("network namespace of process %d: %w", init.PID, err)
	}
	h, err := netlink.NewHandleAt(ns, unix.NETLINK_ROUTE)
	if err != nil {
		ns.Close()
		return nil, fmt.Errorf("network namespace of process %d: %w", init.PID, err)
	}
	return &space{ns: ns, Handle: h}, nil
}

func (s *space) close() {
	s.Close()
	s.ns.Close()
}

// makeBridge makes the underlay in the fabric's namespace.
func makeBridge(fabric process.Identity) error {
	s, err := openSpace(fabric)
	if err != nil {
		return err
	}
	defer s.close()
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName, MTU: underlayMTU}}
	if err := s.LinkAdd(bridge); err != nil {
		return fmt.Errorf("make underlay bridge (is the kernel's bridge module there?): %w", err)
	}
	if err := s.LinkSetUp(bridge); err != nil {
		return fmt.Errorf("underlay bridge up: %w", err)
	}
	return nil
}
