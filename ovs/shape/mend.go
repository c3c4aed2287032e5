// SPDX-License-Identifier: Apache-2.0

package shape

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Mend brings what Create made back to its limits, for all ports at once, where
// somebody has changed or removed a part; limits may be others than it was made
// with. A port whose links are gone is left alone. It returns how many were not
// as they should be.
func Mend(ctx context.Context, ports map[string]linkspan.Limits) (mended int, err error) {
	if len(ports) == 0 {
		return 0, nil
	}
	links, err := netns.Dump(ctx, netlink.LinkList)
	if err != nil {
		return 0, fmt.Errorf("list links: %w", err)
	}
	qdiscs, err := netns.Dump(ctx, func() ([]netlink.Qdisc, error) { return netlink.QdiscList(nil) })
	if err != nil {
		return 0, fmt.Errorf("list queues: %w", err)
	}
	found := make(map[string]netlink.Link, len(links))
	for _, link := range links {
		found[link.Attrs().Name] = link
	}
	roots := make(map[int]netlink.Qdisc, len(qdiscs))
	for _, q := range qdiscs {
		if q.Attrs().Parent == netlink.HANDLE_ROOT {
			roots[q.Attrs().LinkIndex] = q
		}
	}
	var errs []error
	for port, l := range ports {
		inner, mid := found[Inner(port)], found[middle(port)]
		if inner == nil || mid == nil {
			continue
		}
		wrong, err := mendPort(halves(inner, mid, l), roots)
		if errors.Is(err, unix.ENODEV) { // somebody is just taking it away
			continue
		}
		if wrong {
			mended++
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("limits of %s: %w", port, supported(err)))
		}
	}
	return mended, errors.Join(errs...)
}

func mendPort(both []half, roots map[int]netlink.Qdisc) (wrong bool, err error) {
	var errs []error
	for _, h := range both {
		if !right(roots[h.to.Attrs().Index], h) {
			wrong = true
			errs = append(errs, setBucket(h.to, h.rate))
		}
		leads, err := redirects(h.from, h.to)
		if err == nil && !leads {
			wrong = true
			err = redirect(h.from, h.to)
		}
		errs = append(errs, err)
	}
	return wrong, errors.Join(errs...)
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
