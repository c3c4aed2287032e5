// SPDX-License-Identifier: Apache-2.0

package storm

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/google/nftables"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Kernel makes fences of nftables (family netdev, hook egress: Linux 5.16 with
// CONFIG_NETFILTER_EGRESS). A fence is a table of its own in the container's
// namespace and outlives this process, not the namespace.
type Kernel struct{}

var _ Fences = Kernel{}

// chainName is the name of the only chain of a fence.
const chainName = "egress"

// tableOf returns the table of a port's fence. Docker renames the interface, and
// the host's end keeps its name.
func tableOf(p Port) *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyNetdev, Name: "linkspan-storm-" + p.Link}
}

// Set makes or changes a fence in one transaction.
func (Kernel) Set(ctx context.Context, p Port, l Limit) error {
	return open(ctx, p, func(box *netns.Sandbox, conn *nftables.Conn) error {
		device, err := deviceOf(box, p)
		if err != nil {
			return err
		}
		table := tableOf(p)
		replace(conn, table)
		for _, d := range deniedIn(l.Destinations) {
			if len(d.list) == 0 {
				continue
			}
			if err := conn.AddSet(d.destinations(table)); err != nil {
				return err
			}
		}
		chain := conn.AddChain(&nftables.Chain{
			Name: chainName, Table: table, Type: nftables.ChainTypeFilter, Device: device,
			Hooknum: nftables.ChainHookEgress, Priority: nftables.ChainPriorityFilter,
		})
		for _, r := range rules(chain, p.Address6.IsValid(), l) {
			conn.AddRule(r)
		}
		return supported(conn.Flush())
	})
}

// supported says what an old kernel lacks.
func supported(err error) error {
	if errors.Is(err, unix.EOPNOTSUPP) {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the kernel has no egress hook", Err: err,
			Hint: "Linux 5.16 or later with CONFIG_NETFILTER_EGRESS has it"}
	}
	return err
}

// replace begins a transaction with the table there and empty.
func replace(conn *nftables.Conn, table *nftables.Table) {
	conn.AddTable(table) // added first, so that deleting never fails
	conn.DelTable(table)
	conn.AddTable(table)
}

// Get reads a fence.
func (Kernel) Get(ctx context.Context, p Port) (l Limit, c Counts, err error) {
	err = open(ctx, p, func(_ *netns.Sandbox, conn *nftables.Conn) error {
		table := tableOf(p)
		found, err := conn.GetRules(table, &nftables.Chain{Name: chainName, Table: table})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return &linkspan.Error{Code: linkspan.NotFound, Message: "there is no fence"}
		}
		for _, r := range found {
			comment := c.read(r)
			l.All = l.All || comment == ruleAll
			for _, d := range deniedIn(nil) {
				if d.rule != comment {
					continue
				}
				if err := d.read(conn, table); err != nil {
					return err
				}
				l.Destinations = append(l.Destinations, d.list...)
			}
		}
		slices.SortFunc(l.Destinations, netip.Addr.Compare)
		return nil
	})
	return l, c, err
}

// read fills in the destinations that the kernel has.
func (d *denied) read(conn *nftables.Conn, table *nftables.Table) error {
	set, _ := d.destinations(table)
	elements, err := conn.GetSetElements(set)
	for _, e := range elements {
		if a, ok := netip.AddrFromSlice(e.Key); ok {
			d.list = append(d.list, a)
		}
	}
	return err
}

// Remove removes a fence, whether its interface is gone or not.
func (Kernel) Remove(ctx context.Context, p Port) error {
	err := open(ctx, p, func(_ *netns.Sandbox, conn *nftables.Conn) error {
		table := tableOf(p)
		conn.AddTable(table) // added first, so that deleting never fails
		conn.DelTable(table)
		return conn.Flush()
	})
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return nil
	}
	return err
}

// open runs do with nftables of the port's sandbox.
func open(ctx context.Context, p Port, do func(*netns.Sandbox, *nftables.Conn) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("fence of %s: %w", p.Link, err)
		}
	}()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := mounted(p.Sandbox); err != nil {
		return err
	}
	box, err := netns.Open(p.Sandbox)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, box.Close()) }()
	conn, err := nftables.New(nftables.WithNetNSFd(box.FD()))
	if err != nil {
		return err
	}
	return do(box, conn)
}

// mounted says whether a path leads to a namespace: Docker makes the file first,
// and removes it last.
func mounted(path string) error {
	var system unix.Statfs_t
	err := unix.Statfs(path, &system)
	if err == nil && system.Type == unix.NSFS_MAGIC {
		return nil
	}
	if err == nil || errors.Is(err, unix.ENOENT) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "there is no sandbox at " + path, Err: err}
	}
	return fmt.Errorf("look at sandbox %s: %w", path, err)
}

// deviceOf finds the other end of the port's veth in its sandbox. Indexes repeat
// between namespaces, and until Docker has moved it another link may have its.
func deviceOf(box *netns.Sandbox, p Port) (string, error) {
	host, err := netlink.LinkByName(p.Link)
	if err != nil {
		return "", absent(err)
	}
	link, err := box.Netlink().LinkByIndex(host.Attrs().ParentIndex)
	if err != nil {
		return "", absent(err)
	}
	if a := link.Attrs(); string(a.HardwareAddr) == string(p.MAC[:]) {
		return a.Name, nil
	}
	return "", &linkspan.Error{Code: linkspan.NotFound, Message: "the interface is not in the sandbox"}
}

// absent gives an error of a look-up the code NotFound where it says so.
func absent(err error) error {
	if _, ok := errors.AsType[netlink.LinkNotFoundError](err); ok {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "the interface is not there", Err: err}
	}
	return err
}
