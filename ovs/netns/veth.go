// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// Veth is a pair of links: the host's end becomes a port of the bridge, the
// peer goes into a container.
type Veth struct {
	Host, Peer string       // names of at most 15 bytes; see Names
	MAC        linkspan.MAC // of the peer; zero lets the kernel choose
	MTU        int          // of both ends, bytes; 0 is the kernel's default
	TxQueueLen int          // of both ends, packets; 0 is the kernel's default

	// Offload of the peer. It must be none where a userspace datapath without
	// TSO forwards: TCP would never connect, since nobody finishes the checksums.
	Offload Offload
}

// Validate says whether v can be created.
func (v Veth) Validate() error {
	for _, name := range []string{v.Host, v.Peer} {
		if name == "" || len(name) > 15 || strings.ContainsAny(name, "/ \t\n") {
			return &linkspan.Error{Code: linkspan.Invalid, Op: "create veth " + v.Host,
				Message: fmt.Sprintf("%q is not a name of 1 to 15 bytes", name)}
		}
	}
	return nil
}

// CreateVeth makes the pair in the namespace of the process, after deleting
// whatever had one of its names. The host end is up, without IPv6 and silent
// to ARP; the peer is down and ready to be moved. On an error nothing is left.
func CreateVeth(ctx context.Context, v Veth) error {
	if err := v.Validate(); err != nil {
		return err
	}
	err := netlink.LinkAdd(v.link())
	if errors.Is(err, unix.EEXIST) {
		if err := errors.Join(DeleteVeth(ctx, v.Host), DeleteVeth(ctx, v.Peer)); err != nil {
			return err
		}
		err = netlink.LinkAdd(v.link())
	}
	if err != nil {
		return fmt.Errorf("create veth %s: %w", v.Host, err)
	}
	if err := v.prepare(); err != nil {
		return errors.Join(fmt.Errorf("create veth %s: %w", v.Host, err),
			DeleteVeth(context.WithoutCancel(ctx), v.Host))
	}
	return nil
}

func (v Veth) link() *netlink.Veth {
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = v.Host, v.MTU
	link := netlink.NewVeth(attrs)
	link.PeerName, link.PeerMTU = v.Peer, uint32(v.MTU)
	if v.TxQueueLen > 0 {
		link.TxQLen, link.PeerTxQLen = v.TxQueueLen, v.TxQueueLen
	}
	if v.MAC != (linkspan.MAC{}) {
		link.PeerHardwareAddr = net.HardwareAddr(v.MAC[:])
	}
	return link
}

func (v Veth) prepare() error {
	if v.Offload != OffloadAll { // the kernel's own choice
		if err := v.Offload.set(v.Peer); err != nil {
			return err
		}
	}
	if err := Silence(v.Host); err != nil {
		return err
	}
	host, err := netlink.LinkByName(v.Host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", v.Host, err)
	}
	if err := netlink.LinkSetUp(host); err != nil {
		return fmt.Errorf("set %s up: %w", v.Host, err)
	}
	return nil
}

// Link is a link as List found it.
type Link struct {
	Name  string
	Index int
	MTU   int // bytes
	Up    bool
}

// List returns the links of the process's namespace whose names begin with
// prefix, in the kernel's order.
func List(ctx context.Context, prefix string) ([]Link, error) {
	all, err := Dump(ctx, netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	var found []Link
	for _, l := range all {
		a := l.Attrs()
		if strings.HasPrefix(a.Name, prefix) {
			found = append(found, Link{Name: a.Name, Index: a.Index, MTU: a.MTU, Up: a.Flags&net.FlagUp != 0})
		}
	}
	return found, nil
}
