// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Find returns the link with the name, or nil when there is none.
func Find(name string) (netlink.Link, error) {
	link, err := netlink.LinkByName(name)
	if Missing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	return link, nil
}

// Missing says whether the error of a call is that its link is not there.
func Missing(err error) bool {
	var none netlink.LinkNotFoundError
	return errors.As(err, &none) || errors.Is(err, unix.ENODEV)
}

// List returns the links whose names begin with one of the prefixes.
func List(ctx context.Context, prefixes ...string) ([]netlink.Link, error) {
	all, err := netns.Dump(ctx, netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	var found []netlink.Link
	for _, l := range all {
		for _, p := range prefixes {
			if strings.HasPrefix(l.Attrs().Name, p) {
				found = append(found, l)
			}
		}
	}
	return found, nil
}

// mark begins the alias of a link that a driver made.
const mark = "linkspan "

// Mark notes in the link's alias (ip-link(8)) that a driver made it for what
// has the id.
func Mark(link netlink.Link, id string) error {
	if err := netlink.LinkSetAlias(link, Alias(id)); err != nil {
		return fmt.Errorf("mark %s: %w", link.Attrs().Name, err)
	}
	return nil
}

// Alias is what Mark sets.
func Alias(id string) string { return mark + id }

// Marked says whether Mark was called for the link with the id.
func Marked(link netlink.Link, id string) bool { return link.Attrs().Alias == Alias(id) }
