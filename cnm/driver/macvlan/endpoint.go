// SPDX-License-Identifier: Apache-2.0

package macvlan

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/option"
	"github.com/linkspan/linkspan/ovs/netns"
)

// linkPrefix begins the names of endpoints' links until they are in a sandbox.
const linkPrefix = "lmv-"

// CreateEndpoint chooses the MAC when none is given: in passthru mode it is the
// parent's.
func (d *Driver) CreateEndpoint(_ context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Endpoint, error) {
	c, err := read(n)
	if err == nil {
		_, err = option.Name(e.Options, c.prefix)
	}
	if err != nil {
		return cnm.Endpoint{}, err
	}
	if c.mode == netlink.MACVLAN_MODE_PASSTHRU && e.MAC == (linkspan.MAC{}) {
		parent, err := network{n, c}.ensureParent()
		if err != nil {
			return cnm.Endpoint{}, err
		}
		copy(e.MAC[:], parent.Attrs().HardwareAddr)
	}
	e.MAC = kernel.MAC(n.ID, e)
	return e, nil
}

// DeleteEndpoint removes the link if it has come back to the host.
func (d *Driver) DeleteEndpoint(ctx context.Context, n cnm.Network, e cnm.Endpoint) error {
	return d.Leave(ctx, n, e)
}

// Join makes the link.
func (d *Driver) Join(ctx context.Context, n cnm.Network, e cnm.Endpoint) (cnm.Attachment, error) {
	c, err := read(n)
	if err != nil {
		return cnm.Attachment{}, err
	}
	name, err := option.Name(e.Options, c.prefix)
	if err != nil {
		return cnm.Attachment{}, err
	}
	if err := d.Leave(ctx, n, e); err != nil { // what an earlier attempt made
		return cnm.Attachment{}, err
	}
	link := kernel.Name(linkPrefix, e.ID)
	if err := (network{n, c}).add(link, e); err != nil {
		return cnm.Attachment{}, err
	}
	a := cnm.Attachment{SrcName: link, DstPrefix: name}
	if !n.Internal && !c.alone {
		a.Gateway, a.Gateway6 = n.Gateway, n.Gateway6
	}
	return a, nil
}

func (n network) add(name string, e cnm.Endpoint) error {
	parent, err := n.ensureParent()
	if err != nil {
		return err
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.ParentIndex, attrs.MTU = name, parent.Attrs().Index, n.mtu
	attrs.HardwareAddr = net.HardwareAddr(e.MAC[:])
	link := &netlink.Macvlan{LinkAttrs: attrs, Mode: n.mode}
	err = netlink.LinkAdd(link)
	switch {
	case errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EINVAL):
		return &linkspan.Error{
			Code: linkspan.Conflict, Err: err,
			Message: fmt.Sprintf("parent %s takes no such link: in passthru mode it has one endpoint, as a port of a bridge none, and no larger mtu than its own", n.parent),
		}
	case err != nil:
		return kernel.Macvlan.Explain(fmt.Errorf("make macvlan link on %s: %w", n.parent, err))
	}
	if err := kernel.Mark(link, e.ID); err != nil {
		return errors.Join(err, netlink.LinkDel(link))
	}
	return nil
}

// Leave removes the link, in the host's namespace or in its sandbox. With the
// sandbox it is gone too.
func (d *Driver) Leave(ctx context.Context, _ cnm.Network, e cnm.Endpoint) error {
	if err := netns.DeleteVeth(ctx, kernel.Name(linkPrefix, e.ID)); err != nil {
		return err
	}
	if e.SandboxKey == "" {
		return nil
	}
	box, err := netns.Open(e.SandboxKey)
	if err != nil {
		return nil //nolint:nilerr // a sandbox that cannot be entered is none any more
	}
	defer func() { _ = box.Close() }()
	links, err := netns.Dump(ctx, box.Netlink().LinkList)
	if err != nil {
		return fmt.Errorf("list links in sandbox %s: %w", e.SandboxKey, err)
	}
	for _, link := range links {
		if link.Type() == "macvlan" && kernel.Marked(link, e.ID) {
			if err := box.Netlink().LinkDel(link); err != nil && !kernel.Missing(err) {
				return fmt.Errorf("delete %s in sandbox %s: %w", link.Attrs().Name, e.SandboxKey, err)
			}
		}
	}
	return nil
}
