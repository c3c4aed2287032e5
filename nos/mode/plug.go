// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/wire/openflow"
)

// The external ids of a station's patch: what a next process knows it by.
const (
	idStation = "linkspan-station" // VLAN and address
	idMAC     = "linkspan-mac"
	idDevice  = "linkspan-port"
	idNetwork = "linkspan-network"
	idSix     = "linkspan-address6"
)

// switchEnd and linkEnd name the two ends of the patch of the host with a number.
func switchEnd(number uint32) string { return switchPrefix + strconv.FormatUint(uint64(number), 10) }
func linkEnd(number uint32) string   { return "lsm" + strconv.FormatUint(uint64(number), 10) }

const switchPrefix = "lsn"

// Labels that a host has in the fabric, for policies.
const (
	LabelPort = "linkspan.port"
	LabelVLAN = "linkspan.vlan"
)

// id names a host as an endpoint, and name is what people and other endpoints of its
// network call it.
func (s *station) id() string   { return fmt.Sprintf("station-%d-%s", s.vlan, s.address) }
func (s *station) name() string { return nameOf(s.address) }

// nameOf returns what a host with an address is called, on whatever switch.
func nameOf(a netip.Addr) string { return "host-" + strings.ReplaceAll(a.String(), ".", "-") }

// isHost says whether a name is one that nameOf gives.
func isHost(name string) bool {
	text, is := strings.CutPrefix(name, "host-")
	a, err := netip.ParseAddr(strings.ReplaceAll(text, "-", "."))
	return is && err == nil && nameOf(a) == name
}

// endpoint returns a host as an endpoint of the fabric.
func (s *station) endpoint() linkspan.Endpoint {
	return linkspan.Endpoint{
		Network: s.of, Address: s.address, ID: s.id(), MAC: s.mac, Port: s.number, Created: s.created, Container: s.name(),
		Address6: s.address6, Labels: map[string]string{LabelPort: s.device, LabelVLAN: strconv.Itoa(int(s.vlan))},
	}
}

// joint returns the two ends of a host's patch.
func (s *station) joint() ovs.Joint {
	ids := map[string]string{
		idStation: fmt.Sprintf("%d %s", s.vlan, s.address), idMAC: s.mac.String(), idDevice: s.device, idNetwork: s.of.String(),
	}
	if s.address6.IsValid() {
		ids[idSix] = s.address6.String()
	}
	return ovs.Joint{
		Here:  ovs.Port{Name: switchEnd(s.number), ExternalIDs: ids},
		There: ovs.Port{Name: linkEnd(s.number), OFPort: s.number, ExternalIDs: ids},
	}
}

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

// ripe says whether it is time to plug a host. Where the switch itself decides, one behind a trunk may well be
// on a port of another switch, which is the better one to have it: so that one has a start, and whom another has is
// not asked for often. k.mu is held.
func (k *Keeper) ripe(s *station, v *vlan, now time.Time) bool {
	p := k.is.wish.of(s.device)
	if p == nil || k.is.wish.at(p, v) == dispatch.SDN {
		return now.Sub(s.tried) >= retryAfter
	}
	if s.refused != nil {
		return now.Sub(s.tried) >= retryRefused
	}
	_, tagged := p.carries(v.id)
	return now.Sub(s.tried) >= retryAfter && (!tagged || now.Sub(s.came) >= startOfOthers)
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

// attach reserves a host's address and stores it as an endpoint. An address that is a
// container's is not a host's, whoever says so.
func (s *station) attach(ctx context.Context, l *Link) error {
	ctx, cancel := context.WithTimeout(ctx, attachLimit)
	defer cancel()
	mine, f := false, l.Fabric
	for _, e := range f.Endpoints() {
		if e.Network == s.of && e.Address == s.address {
			if mine = e.ID == s.id() || e.ID == "" && e.Container == s.name(); !mine {
				return &linkspan.Error{Code: linkspan.Exists, Message: fmt.Sprintf("address %s of the host at port %s is that of endpoint %s", s.address, s.device, e.Container)}
			}
		}
	}
	if !mine && l.Names != nil { // cheaper than to be refused
		if name, err := l.Names.Bearer(ctx, s.of, s.address); err == nil && name != "" {
			return &linkspan.Error{Code: linkspan.Exists, Message: fmt.Sprintf("address %s of the host at port %s is that of %s on another switch", s.address, s.device, name), Err: elsewhere(name == s.name())}
		}
	}
	if !mine {
		if _, err := f.Reserve(ctx, s.of, s.address, s.name()); err != nil {
			return fmt.Errorf("reserve the address of the host at port %s: %w", s.device, err)
		}
	}
	if s.address6.IsValid() && !stored(f, s.of, s.address6) {
		_, err := f.Reserve(ctx, s.of, s.address6, s.name())
		switch {
		case linkspan.CodeOf(err) == linkspan.Exists: // its first one is good all the same
			s.denied, s.address6 = s.address6, netip.Addr{}
		case err != nil:
			return fmt.Errorf("reserve the second address of the host at port %s: %w", s.device, err)
		}
	}
	if err := f.Attach(ctx, s.endpoint()); err != nil {
		return fmt.Errorf("attach %s at port %s: %w", s.address, s.device, err)
	}
	return nil
}

// stored says whether this switch has an address.
func stored(f Fabric, of linkspan.NetworkID, a netip.Addr) bool {
	return slices.ContainsFunc(f.Endpoints(), func(e linkspan.Endpoint) bool { return e.Network == of && e.Address == a })
}

// errElsewhere is why a host is refused that another switch has as its own. It is never changed.
var errElsewhere = errors.New("it is a host on another switch")

func elsewhere(host bool) error {
	if host {
		return errElsewhere
	}
	return nil
}

// refuse notes which hosts were refused as their addresses are somebody else's, and returns the errors without those where
// the switch itself decides: there they are stations all the same. It tells of each once.
func (k *Keeper) refuse(list []*station, errs []error) (left []error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, s := range list {
		is := k.hosts.all[s.place]
		if is == nil || linkspan.CodeOf(errs[i]) != linkspan.Exists {
			left = append(left, errs[i])
			continue
		}
		p, v := k.is.wish.of(is.device), k.is.wish.vlan(is.vlan)
		switch {
		case p == nil || v == nil || k.is.wish.at(p, v) == dispatch.SDN:
			left = append(left, errs[i])
		case is.refused == nil:
			k.options.Log.Info("a host is not in the fabric", slog.Any("host", is), slog.Any("because", errs[i]))
		}
		is.refused = errs[i]
	}
	return left
}

// attachLimit is how long the controller may take to store a host.
const attachLimit = 5 * time.Second

// each calls do for all of a list, several at a time.
func each(list []*station, do func(int, *station)) {
	const atOnce = 8
	var all sync.WaitGroup
	room := make(chan struct{}, atOnce)
	for i, s := range list {
		room <- struct{}{}
		all.Go(func() { do(i, s); <-room })
	}
	all.Wait()
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
		if err == nil && s.address6.IsValid() {
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

// recall takes over the hosts that a process before has plugged. It is called before flows
// are written for the first time.
func (k *Keeper) recall(ctx context.Context) error {
	k.mu.Lock()
	done := k.recalled
	k.mu.Unlock()
	if done {
		return nil
	}
	ports, err := k.options.Ports.Ports(ctx)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range ports {
		if s, ok := recalled(&ports[i]); ok && k.hosts.all[s.place] == nil {
			k.hosts.all[s.place] = s
			k.hold(s)
		}
	}
	k.recalled = true
	return nil
}

// hold has nobody else get a host's number. k.mu is held.
func (k *Keeper) hold(s *station) {
	if k.link != nil && s.number != 0 {
		k.link.Numbers.Hold(s.id(), s.number)
	}
}

// recalled reads what ends wrote.
func recalled(p *ovs.PortStatus) (*station, bool) {
	id, address, ok := strings.Cut(p.ExternalIDs[idStation], " ")
	if !ok {
		return nil, false
	}
	s := &station{sighting: sighting{device: p.ExternalIDs[idDevice]}, heard: time.Now(), created: time.Now(), plugged: true}
	vlan, err := strconv.ParseUint(id, 10, 12)
	number, bad := strconv.ParseUint(strings.TrimPrefix(p.Name, switchPrefix), 10, 16)
	network, unknown := linkspan.ParseNetworkID(p.ExternalIDs[idNetwork])
	s.vlan, s.number, s.of = uint16(vlan), uint32(number), network
	if six := p.ExternalIDs[idSix]; six != "" && s.address6.UnmarshalText([]byte(six)) == nil {
		s.six = true
	}
	err = errors.Join(err, bad, unknown, s.address.UnmarshalText([]byte(address)), s.mac.UnmarshalText([]byte(p.ExternalIDs[idMAC])))
	return s, err == nil
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
