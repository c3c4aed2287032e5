// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
)

// errAnew ends the parts of a switch that are to be made anew, as the fast path
// that they were made for has changed, or Docker has come.
var errAnew = errors.New("what the switch was made for has changed")

// serveAnew serves until ctx ends, with new parts after each change of what
// they were made for. Routes and containers stay.
func (s *switchRole) serveAnew(ctx context.Context, db kv.Store, keeper *trust.Keeper, ready func()) error {
	ready = sync.OnceFunc(ready)
	for {
		if err := s.serve(ctx, db, keeper, ready); !errors.Is(err, errAnew) {
			return err
		}
	}
}

func (h *host) tunnelPort() ovs.Port {
	return ovs.Port{Name: h.tunnel.Device(), OFPort: linkspan.TunnelPort}
}

// chooseFastPath chooses when the bridge has its first port, which tells what
// is in force. Where userspace TSO can be set it sets it, and makes the bridge
// anew.
func (h *host) chooseFastPath(ctx context.Context, me trust.Identity) (err error) {
	if h.fast, h.tso, err = h.decideFastPath(ctx); err != nil {
		return err
	}
	if h.fast.Clear {
		if err := h.ovs.SetUserspaceTSO(ctx, false); err != nil {
			return err
		}
	}
	if h.fast.Set {
		if err := h.setFastPath(ctx, me); err != nil {
			return err
		}
		if h.fast, h.tso, err = h.decideFastPath(ctx); err != nil {
			return err
		}
	}
	h.role.log.Info("fast path chosen", "path", string(h.fast.Path), "why", h.fast.Why, "lack", h.fast.Lack)
	return nil
}

func (h *host) setFastPath(ctx context.Context, me trust.Identity) error {
	if err := h.ovs.RemoveBridge(ctx); err != nil {
		return err
	}
	if err := h.ovs.SetUserspaceTSO(ctx, true); err != nil {
		return err
	}
	if err := h.ovs.EnsureBridge(ctx, ovs.BridgeSpec{DPID: me.DPID}); err != nil {
		return err
	}
	return h.ovs.AddPort(ctx, h.tunnelPort())
}

// openPatience is how long a port may take to tell; ovs-vswitchd may be just
// starting.
const openPatience = 5 * time.Second

// decideFastPath looks at the host and decides.
func (h *host) decideFastPath(ctx context.Context) (fastpath.Choice, fastpath.State, error) {
	census, err := h.ovs.Census(ctx)
	if err != nil || census.Kernel {
		return fastpath.Decide(fastpath.Wish(h.role.fastPath), fastpath.Facts{Kernel: err == nil}), fastpath.Unknown, err
	}
	short, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	state, err := fastpath.Await(short, h.watch(), fastpath.Unknown)
	if err != nil && short.Err() == nil {
		return fastpath.Choice{}, state, err
	}
	return fastpath.Decide(fastpath.Wish(h.role.fastPath), fastpath.FactsOf(census, state)), state, ctx.Err()
}

func (h *host) watch() fastpath.Watch {
	return fastpath.Watch{Link: h.tunnel.Device(), RunDir: h.role.ovsRunDir}
}

// keepFastPath ends with errAnew once another way is in force, as after a start
// of ovs-vswitchd with another setting. Containers that run follow first.
func (h *host) keepFastPath(ctx context.Context) error {
	if h.fast.Path == fastpath.Kernel {
		return nil
	}
	state, err := fastpath.Await(ctx, h.watch(), h.tso)
	if err != nil {
		return err
	}
	h.role.log.Info("open vswitch forwards another way now", "tso", state == fastpath.On)
	if state == fastpath.Off {
		h.followOffload(ctx, netns.OffloadNone)
	}
	back, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	_ = h.keeper.Wait(back) // it alone has the flows; without them the controller sends them all
	return errAnew
}

// followOffload brings containers that run to an offload. One that goes away
// meanwhile is no trouble.
func (h *host) followOffload(ctx context.Context, o netns.Offload) {
	for _, s := range h.model.Sandboxes() {
		for _, e := range s.Endpoints {
			if e.State != cnm.Joined || ctx.Err() != nil {
				continue
			}
			err := netns.SetOffload(s.Key, e.HostInterface, o)
			if err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
				h.role.log.Warn("offloads of a container not changed", "container", e.Container, "error", err)
			}
		}
	}
}

// checkFastPath says what was chosen, why, and what the host lacks for better.
func (h *host) checkFastPath(ctx context.Context) *apiv1.Check {
	c, _, err := h.decideFastPath(ctx)
	if err != nil {
		return verdict("fast path", err, "", "are ovsdb-server and ovs-vswitchd running?")
	}
	found, state := fmt.Sprintf("%s: %s", c.Path, c.Why), apiv1.Check_STATE_OK
	if c.Lack != "" {
		found += "; " + c.Lack
	}
	switch c.Path {
	case fastpath.Broken:
		state = apiv1.Check_STATE_FAILED
	case fastpath.Plain:
		state = apiv1.Check_STATE_WARNING
	}
	return check("fast path", state, found, c.Hint)
}
