// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/ovs/netns"
)

// linkInterval is between two looks at the links to other hosts.
const linkInterval = time.Second

// keepLinksUp sets the links to other hosts up again. Who sets them down need not
// be a person: ovs-vswitchd changes a link's flags by writing all of them, from the
// copy it has (Open vSwitch 3.1, lib/netdev-linux.c, update_flags), and when that
// was taken before the link was set up, it is down afterwards.
func (h *host) keepLinksUp(ctx context.Context) error {
	links := []string{h.tunnel.Device()}
	if h.direct.port != nil {
		links = append(links, h.direct.port.Device())
	}
	tick := time.NewTicker(linkInterval)
	defer tick.Stop()
	for {
		for _, link := range links {
			switch was, err := netns.Raise(link); {
			case err != nil:
				h.role.log.Warn("a link to other hosts cannot be kept up", "link", link, "error", err)
			case was:
				h.role.log.Warn("a link to other hosts was down and is up again", "link", link)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
