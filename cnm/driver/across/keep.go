// SPDX-License-Identifier: Apache-2.0

package across

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/bridge"
	"github.com/linkspan/linkspan/cnm/driver/filter"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs"
)

// Ports are the ports of the integration bridge; see [ovs.Switch].
type Ports interface {
	AddPort(ctx context.Context, p ovs.Port) error
}

// Bridges are the host's own networks that are bridges.
type Bridges interface {
	// Bridge returns the link of a network and the subnet of its containers; ok is
	// false when there is no such network.
	Bridge(network string) (link string, subnet netip.Prefix, ok bool)
}

// Fabric tells where the host's own networks lead.
type Fabric interface {
	// Bridged returns the subnets of other networks, by the id of each network that
	// leads to any; ok is false as long as nobody has told.
	Bridged() (to map[string][]netip.Prefix, ok bool)
	// Changed returns a channel that holds a token after that may have changed, and
	// what ends it.
	Changed() (changed <-chan struct{}, stop func())
}

var (
	_ Ports   = (*ovs.Switch)(nil)
	_ Bridges = (*bridge.Driver)(nil)
)

// Keeper keeps the host true to where its networks lead. All fields are needed.
type Keeper struct {
	Config  Config
	Ports   Ports
	Bridges Bridges
	Fabric  Fabric
	Log     *slog.Logger
}

// The times of a Keeper: between two looks without a reason, and after a failure.
const (
	look = 10 * time.Second
	rest = time.Second
)

// Run does so until ctx ends; it returns nil then. Where no network leads anywhere, and
// none did, nothing is made.
func (k *Keeper) Run(ctx context.Context) error {
	changed, stop := k.Fabric.Changed()
	defer stop()
	told := ""
	var last []Way
	for {
		wait := look
		ways, ok := k.ways()
		if err := k.bring(ctx, ways, ok, sameWays(last, ways)); err != nil {
			wait = rest
			if text := err.Error(); text != told && ctx.Err() == nil {
				k.Log.Warn("networks of this host do not lead to others as they should", "error", err)
				told = text
			}
		} else {
			told, last = "", ways
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// ways returns the ways of now, by the names of bridges; ok is false as long as nobody
// has told of them.
func (k *Keeper) ways() (ways []Way, ok bool) {
	all, ok := k.Fabric.Bridged()
	for id, to := range all {
		if link, subnet, there := k.Bridges.Bridge(id); there && len(to) > 0 {
			ways = append(ways, Way{link, subnet, to})
		}
	}
	slices.SortFunc(ways, func(a, b Way) int { return strings.Compare(a.Bridge, b.Bridge) })
	return ways, ok
}

func sameWays(a, b []Way) bool {
	return slices.EqualFunc(a, b, func(a, b Way) bool {
		return a.Bridge == b.Bridge && a.Subnet == b.Subnet && slices.Equal(a.To, b.To)
	})
}

// bring brings the host to the ways. The table is left alone where it has them already:
// its counters begin anew when it is replaced.
func (k *Keeper) bring(ctx context.Context, ways []Way, ok, same bool) error {
	there, err := There()
	if err != nil || !ok || len(ways) == 0 && !there {
		return err
	}
	if err := Ensure(ctx, k.Config); err != nil {
		return err
	}
	if err := k.Ports.AddPort(ctx, ovs.Port{Name: Port, OFPort: linkspan.BridgePort}); err != nil {
		return err
	}
	if !same || !filter.HasTable(table()) {
		if err := filterWays(ways); err != nil {
			return err
		}
	}
	link, err := kernel.Find(Link)
	if err != nil || link == nil {
		return err
	}
	return route(ctx, ways, link.Attrs().Index, k.Config.MTU)
}
