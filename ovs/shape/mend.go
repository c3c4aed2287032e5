// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Mend brings what Create made back to its limits, for all ports at once, where
// somebody has changed or removed a part, or set a link down; limits may be others
// than it was made with. Where the port and its other end are gone, it makes them
// again in the namespace of the process, and the caller has to make the port
// again what it was. Where the container's end is gone, nothing is mended. It
// returns the ports that were not as they should be, sorted.
func Mend(ctx context.Context, ports map[string]linkspan.Limits) (mended []string, err error) {
	if len(ports) == 0 {
		return nil, nil
	}
	has, err := look(ctx)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		wrong, err := has.mend(ctx, port, ports[port])
		if errors.Is(err, unix.ENODEV) { // somebody is just taking it away
			continue
		}
		if wrong {
			mended = append(mended, port)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("limits of %s: %w", port, supported(err)))
		}
	}
	return mended, errors.Join(errs...)
}

// state is what links there are, by name, and their root queues, by index.
type state struct {
	links map[string]netlink.Link
	roots map[int]netlink.Qdisc
}

func look(ctx context.Context) (state, error) {
	has := state{make(map[string]netlink.Link), make(map[int]netlink.Qdisc)}
	links, err := netns.Dump(ctx, netlink.LinkList)
	if err != nil {
		return has, fmt.Errorf("list links: %w", err)
	}
	qdiscs, err := netns.Dump(ctx, func() ([]netlink.Qdisc, error) { return netlink.QdiscList(nil) })
	if err != nil {
		return has, fmt.Errorf("list queues: %w", err)
	}
	for _, link := range links {
		has.links[link.Attrs().Name] = link
	}
	for _, q := range qdiscs {
		if q.Attrs().Parent == netlink.HANDLE_ROOT {
			has.roots[q.Attrs().LinkIndex] = q
		}
	}
	return has, nil
}

func (s state) mend(ctx context.Context, port string, l linkspan.Limits) (wrong bool, err error) {
	inner, mid := s.links[Inner(port)], s.links[middle(port)]
	if inner == nil {
		return false, nil
	}
	if mid == nil {
		wrong = true
		if mid, err = outer(ctx, netns.Veth{Host: port, MTU: inner.Attrs().MTU}); err != nil {
			return wrong, err
		}
	}
	var errs []error
	for _, h := range halves(inner, mid, l) {
		was, err := s.mendHalf(h)
		wrong = wrong || was
		errs = append(errs, err)
	}
	for _, link := range []netlink.Link{inner, mid} { // last: nothing passes before
		if link.Attrs().Flags&net.FlagUp == 0 {
			wrong = true
			errs = append(errs, netlink.LinkSetUp(link))
		}
	}
	return wrong, errors.Join(errs...)
}

func (s state) mendHalf(h half) (wrong bool, err error) {
	if !right(s.roots[h.to.Attrs().Index], h) {
		wrong = true
		err = setBucket(h.to, h.rate)
	}
	leads, failed := redirects(h.from, h.to)
	if failed == nil && !leads {
		wrong = true
		failed = redirect(h.from, h.to)
	}
	return wrong, errors.Join(err, failed)
}

// right says whether the root of a link's queues is the bucket that there should
// be.
func right(root netlink.Qdisc, h half) bool {
	got, is := root.(*netlink.Tbf)
	if h.rate == 0 {
		return !is
	}
	want := bucket(h.to, h.rate)
	return is && got.Rate == want.Rate && got.Limit == want.Limit && got.Buffer == want.Buffer
}
