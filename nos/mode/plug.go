// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/wire/openflow"
)

// plugAll plugs and unplugs hosts when there is reason to.
func (k *Keeper) plugAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.work:
		}
		pause(ctx, gather)
		if err := k.plugOnce(ctx); err != nil && ctx.Err() == nil {
			k.options.Log.Warn("not all hosts are in the fabric", slog.Any("error", err))
		}
		if err := k.refresh(ctx); err != nil && ctx.Err() == nil && linkspan.CodeOf(err) != linkspan.Unavailable {
			k.options.Log.Error("flows of br-switch are not as they should be", slog.Any("error", err))
		}
		k.deliverFirst()
		k.seekAll(ctx)
	}
}

// gather is how long news of hosts gather before they are acted on.
const gather = 5 * time.Millisecond

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// plugOnce unplugs who is gone, and plugs who came.
func (k *Keeper) plugOnce(ctx context.Context) error {
	connected, _ := k.connected()
	k.mu.Lock()
	link := k.link
	k.mu.Unlock()
	if link == nil {
		return nil
	}
	if !connected {
		return nil
	}
	return errors.Join(k.unplug(ctx, link), k.plug(ctx, link))
}

// due returns the hosts that are to be plugged: those of networks that there are.
func (k *Keeper) due(link *Link) []*station {
	networks := k.networks()
	k.mu.Lock()
	defer k.mu.Unlock()
	leaving := make(map[place]bool, len(k.gone))
	for _, s := range k.gone {
		leaving[s.place] = true
	}
	var list []*station
	for _, s := range k.hosts.list() {
		v := k.is.wish.vlan(s.vlan)
		if s.plugged && !s.stale || v == nil || leaving[s.place] || !k.ripe(s, v, time.Now()) {
			continue
		}
		n, there := networks[v.network]
		if !there || !n.Leasable(s.address) {
			continue
		}
		number, err := link.Numbers.Number(s.id())
		if err != nil {
			continue // all are in use; it is tried again
		}
		if s.created.IsZero() {
			s.created = time.Now()
		}
		s.of, s.number, s.tried = n.ID, number, time.Now()
		c := *s
		list = append(list, &c)
	}
	return list
}

// plug makes endpoints of hosts, all at once.
func (k *Keeper) plug(ctx context.Context, link *Link) error {
	list := k.due(link)
	if len(list) == 0 {
		return nil
	}
	errs := make([]error, len(list))
	each(list, func(i int, s *station) { errs[i] = s.attach(ctx, link) })
	var joints []ovs.Joint
	var ready []*station
	for i, s := range list {
		if errs[i] == nil {
			joints, ready = append(joints, s.joint()), append(ready, s)
		}
	}
	errs = k.refuse(list, errs)
	if len(ready) > 0 {
		if err := k.options.Ports.AddJoints(ctx, link.Bridge, joints); err != nil {
			return errors.Join(append(errs, err)...)
		}
	}
	if err := k.look(ctx); err != nil {
		return errors.Join(append(errs, err)...)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range ready {
		if is := k.hosts.all[s.place]; is != nil && is.number == s.number && is.mac == s.mac {
			if s.denied.IsValid() && is.address6 == s.denied {
				is.address6 = netip.Addr{} // heard again, it is tried again
			}
			is.plugged, is.stale, is.refused = true, is.device != s.device || is.address6 != s.address6, nil
			is.six = s.address6.IsValid() && is.address6 == s.address6
		}
	}
	return errors.Join(errs...)
}

// look reads the bridge's interfaces anew: those just made are not to be waited for.
func (k *Keeper) look(ctx context.Context) error {
	k.mu.Lock()
	live := k.live
	k.mu.Unlock()
	if live == nil {
		return errAway
	}
	return live.ports(ctx, k.seen)
}

// unplug takes hosts out of the fabric that are gone. One whose patch or address stays is
// taken out later: until then it keeps both, and its number.
func (k *Keeper) unplug(ctx context.Context, link *Link) error {
	k.mu.Lock()
	list := slices.DeleteFunc(k.gone, func(s *station) bool { return s.number == 0 })
	k.gone = nil
	k.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	joints := make([]ovs.Joint, len(list))
	for i, s := range list {
		joints[i] = s.joint()
	}
	if err := k.options.Ports.DelJoints(ctx, link.Bridge, joints); err != nil {
		k.unplugLater(list...)
		return err
	}
	var errs []error
	for _, s := range list {
		err := link.Fabric.Release(ctx, s.of, s.address)
		if err == nil && s.six {
			err = link.Fabric.Release(ctx, s.of, s.address6)
		}
		if err != nil {
			errs = append(errs, err)
			k.unplugLater(s)
			continue
		}
		link.Numbers.Free(s.id())
	}
	return errors.Join(errs...)
}

// unplugLater has hosts unplugged later.
func (k *Keeper) unplugLater(list ...*station) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.gone = append(k.gone, list...)
}

// deliverFirst sends on what hosts sent for the fabric before they were plugged.
func (k *Keeper) deliverFirst() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.hosts.all {
		if !s.plugged || s.first == nil || k.live == nil {
			continue
		}
		frame := s.first
		s.first = nil
		port := k.devices.way(k.is.wish.of(s.device), s.device)
		if port == 0 || k.devices[switchEnd(s.number)].number == 0 {
			continue
		}
		acts := openflow.Actions(nil).SetUint(openflow.Reg(dispatch.RegVLAN), uint64(s.vlan))
		if isTagged(frame) {
			acts = acts.PopVLAN()
		}
		acts = acts.ResubmitTable(openflow.PortInPort, dispatch.TableSDN)
		_ = k.live.send(port, acts, frame) // a bridge that is away hears nothing
	}
}
