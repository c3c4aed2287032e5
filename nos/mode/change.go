// SPDX-License-Identifier: Apache-2.0

package mode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward/dispatch"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Change is a change of who decides, for people.
type Change struct {
	Time     time.Time     `json:"time"`
	Because  string        `json:"because"`
	To       []string      `json:"to,omitempty"`   // what became the controller's: port and VLAN
	Back     []string      `json:"back,omitempty"` // what became the switch's
	Stations int           `json:"stations"`       // hosts that it was about
	Copied   uint64        `json:"copied"`         // packets that went to the controller's side while the switch decided
	Returned uint64        `json:"returned"`       // of them, those that came back
	Took     time.Duration `json:"took"`
	Failed   string        `json:"failed,omitempty"`
}

// step is a change under way.
type step struct {
	k             *Keeper
	from, to      arrangement
	become, cease []zone
	answered      map[place]bool // hosts that were there before
	told          Change
}

// change makes another arrangement of who decides, or leaves all as it is. k.turn is held.
func (k *Keeper) change(ctx context.Context, to arrangement, because string) (err error) {
	k.mu.Lock()
	s := &step{k: k, from: k.is, to: to, told: Change{Time: time.Now(), Because: because}}
	k.mu.Unlock()
	s.become, s.cease = changes(&s.from, &s.to)
	if err := s.check(); err != nil {
		return err
	}
	if err := k.present(ctx, s.to.wish); err != nil {
		return err
	}
	if len(s.become) == 0 && len(s.cease) == 0 {
		k.seekIn(s.to.wish.fresh(s.from.wish))
		if err := k.arrange(ctx, s.to); err != nil {
			return s.back(ctx, err)
		}
		return nil
	}
	defer func() { s.note(err) }()
	if err := s.prepare(ctx); err != nil {
		return s.back(ctx, err)
	}
	if err := k.arrange(ctx, s.to); err != nil {
		return s.back(ctx, err)
	}
	s.announce()
	if err := s.watch(ctx); err != nil {
		return s.back(ctx, err)
	}
	k.seekIn(s.to.wish.fresh(s.from.wish))
	return nil
}

// arrange makes an arrangement the one that is, in one bundle of flows. A switch without
// ports needs none.
func (k *Keeper) arrange(ctx context.Context, a arrangement) error {
	k.mu.Lock()
	k.is, k.told = a, true
	k.mu.Unlock()
	k.needs(a.wish.needsBridge())
	err := k.refresh(ctx)
	if linkspan.CodeOf(err) == linkspan.Unavailable && !a.wish.needsBridge() {
		return nil
	}
	return err
}

// check says whether what becomes the controller's can.
func (s *step) check() error {
	ids := about(s.become)
	for i := range s.to.wish.vlans {
		v := &s.to.wish.vlans[i]
		if before := s.from.wish.vlan(v.id); s.to.wish.sdn(v) && (before == nil || !s.from.wish.sdn(before)) {
			ids = append(ids, v.id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if connected, _ := s.k.connected(); !connected {
		return &linkspan.Error{
			Code: linkspan.Unavailable, Message: "no controller is there that could decide",
			Hint: "linkspan doctor says why; until then the switch decides itself",
		}
	}
	return s.k.named(s.to.wish, ids)
}

// named says whether VLANs name networks that there are.
func (k *Keeper) named(w *wish, ids []uint16) error {
	networks := k.networks()
	for _, id := range ids {
		v := w.vlan(id)
		if _, there := networks[v.network]; !there {
			return &linkspan.Error{
				Code: linkspan.NotFound, Message: fmt.Sprintf("vlan %d is of network %q, which the fabric does not have", id, v.network),
				Hint: "make it with linkspan network create " + v.network + " --subnet ...",
			}
		}
	}
	return nil
}

// interim is the arrangement while a change is prepared: nothing is the controller's that
// was not.
func (s *step) interim(shadow bool) arrangement {
	a := s.to
	a.shadow, a.held = shadow, make(map[zone]dispatch.Mode)
	for _, z := range s.become {
		a.held[z] = dispatch.Traditional
	}
	for _, z := range s.cease {
		a.held[z] = dispatch.SDN
	}
	return a
}

// prepare makes both sides ready for the change.
func (s *step) prepare(ctx context.Context) error {
	if err := s.k.arrange(ctx, s.interim(false)); err != nil {
		return err
	}
	if len(s.become) > 0 {
		if err := s.find(ctx); err != nil {
			return err
		}
		if err := s.shadow(ctx); err != nil {
			return err
		}
	}
	s.announce()
	return s.census(ctx)
}

// the times of a preparation.
const (
	quiet  = 300 * time.Millisecond // without a new host, and all are taken for found
	sample = 50 * time.Millisecond
	lag    = 700 * time.Millisecond // after which Open vSwitch tells of packets that it forwards
)

// find has the hosts of what becomes the controller's found and plugged: those that talk say so, the others
// are asked for.
func (s *step) find(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.k.options.Prepare)
	defer cancel()
	for _, id := range about(s.become) {
		s.k.scan(ctx, id, func(p *port) bool { return slices.Contains(s.become, zone{p.name, id}) })
	}
	last, since := -1, time.Now()
	for {
		hosts, waiting := s.unplugged()
		if hosts != last {
			last, since = hosts, time.Now()
		}
		if waiting == 0 && time.Since(since) > quiet {
			return nil
		}
		if pause(ctx, sample); ctx.Err() != nil {
			break
		}
	}
	if _, waiting := s.unplugged(); waiting > 0 {
		return &linkspan.Error{
			Code: linkspan.Unavailable, Message: fmt.Sprintf("%d hosts did not get into the fabric in time", waiting),
			Hint: "the log of the switch says why of each; linkspan endpoint ls shows who has their addresses",
		}
	}
	return nil // hosts that appear all the time are plugged as they come
}

// unplugged counts the hosts that the change is about, and those of them that wait to be plugged.
func (s *step) unplugged() (hosts, waiting int) {
	networks := s.k.networks()
	s.k.mu.Lock()
	defer s.k.mu.Unlock()
	for _, h := range s.k.hosts.all {
		p := s.to.wish.of(h.device)
		v := s.to.wish.vlan(h.vlan)
		if p == nil || v == nil || !slices.Contains(s.become, zone{p.name, h.vlan}) {
			continue
		}
		if n := networks[v.network]; !n.Leasable(h.address) {
			continue // not of its network: it is nobody's
		}
		hosts++
		if !h.plugged && !errors.Is(h.refused, errElsewhere) {
			waiting++
		}
	}
	return hosts, waiting
}

// shadow copies what hosts send to the fabric until as much comes back as goes in, or the
// time is over: what policies deny never comes back.
func (s *step) shadow(ctx context.Context) error {
	if err := s.k.arrange(ctx, s.interim(true)); err != nil {
		return err
	}
	begun, moved := time.Now(), time.Now()
	var copied, returned uint64
	for time.Since(begun) < s.k.options.Prepare && time.Since(moved) < lag {
		pause(ctx, sample)
		in, out, err := s.k.shadowed(ctx)
		if err != nil {
			return err
		}
		went, came := in-copied, out-returned
		copied, returned = in, out
		if went != 0 || came != 0 {
			moved = time.Now()
		}
		if went != 0 && came*100 >= went*98 {
			break
		}
	}
	s.told.Copied, s.told.Returned = copied, returned
	return nil
}

// shadowed counts what was copied to the fabric, and what came back.
func (k *Keeper) shadowed(ctx context.Context) (in, out uint64, err error) {
	k.mu.Lock()
	live := k.live
	k.mu.Unlock()
	if live == nil {
		return 0, 0, errAway
	}
	if out, err = live.counted(ctx, dispatch.CookieDropped); err == nil {
		in, err = live.counted(ctx, dispatch.CookieShadow)
	}
	return in, out, err
}

// announce says for each host of what ceases to be the controller's where it is: Open vSwitch's own table
// learns it, and the neighbours.
func (s *step) announce() { s.announceIn(&s.to, s.cease) }

// announceIn announces the hosts of zones of an arrangement.
func (s *step) announceIn(a *arrangement, zones []zone) {
	k := s.k
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.live == nil || len(zones) == 0 {
		return
	}
	for _, h := range k.hosts.list() {
		p := a.wish.of(h.device)
		if p == nil || !slices.Contains(zones, zone{p.name, h.vlan}) {
			continue
		}
		in := k.devices.way(p, h.device)
		if _, tagged := p.carries(h.vlan); in != 0 {
			acts := dispatch.Tag(h.vlan, tagged).Output(openflow.PortNormal, 0)
			_ = k.live.send(in, acts, announcement(h)) // a bridge that is away hears nothing
			if h.address6.IsValid() {
				_ = k.live.send(in, acts, announcement6(h)) // as above
			}
		}
	}
}

// concerned returns the hosts that the change is about. k.mu is held.
func (s *step) concerned() (list []*station) {
	for _, h := range s.k.hosts.list() {
		if p := s.to.wish.of(h.device); p != nil {
			z := zone{p.name, h.vlan}
			if slices.Contains(s.become, z) || slices.Contains(s.cease, z) {
				list = append(list, h)
			}
		}
	}
	return list
}

// back makes the arrangement again that was, because of an error. A bridge that is away
// gets its flows when it is back.
func (s *step) back(ctx context.Context, because error) error {
	ctx = context.WithoutCancel(ctx)
	err := s.k.arrange(ctx, s.from)
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		err = nil
	}
	s.announceIn(&s.from, s.become)
	return config.Undone(because, err)
}

// note writes down what became of the change.
func (s *step) note(err error) {
	k := s.k
	s.told.Took = time.Since(s.told.Time)
	s.told.To, s.told.Back = texts(s.become), texts(s.cease)
	if err != nil {
		s.told.Failed = err.Error()
	}
	k.mu.Lock()
	s.told.Stations = len(s.concerned())
	const kept = 32
	k.recent = append(k.recent, s.told)
	k.recent = k.recent[max(0, len(k.recent)-kept):]
	k.mu.Unlock()
	level := slog.LevelInfo
	if err != nil {
		level = slog.LevelWarn
	}
	k.options.Log.Log(context.Background(), level, "who decides", slog.String("because", s.told.Because),
		slog.String("to_controller", strings.Join(s.told.To, " ")), slog.String("to_switch", strings.Join(s.told.Back, " ")),
		slog.Int("hosts", s.told.Stations), slog.Duration("took", s.told.Took), slog.Any("error", err))
}

func texts(zones []zone) (list []string) {
	for _, z := range zones {
		list = append(list, fmt.Sprintf("%s/%d", z.port, z.vlan))
	}
	slices.Sort(list)
	return list
}
