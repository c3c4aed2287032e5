// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
)

// twins writes down the links of a container that it has at its new place already, and
// that are not the move's to take away if it is undone.
func (m *Mover) twins(ctx context.Context, r *Record) (string, error) {
	links, err := m.cfg.Store.Links(ctx)
	if err != nil {
		return "", err
	}
	has := make(map[[2]linkspan.LinkEnd]bool, len(links))
	for _, l := range links {
		has[ends(l)] = true
	}
	var there [][2]linkspan.LinkEnd
	for _, l := range links {
		if moved, is := relinked(l, r.From, r.To, r.Name); is && has[ends(moved)] {
			there = append(there, ends(moved))
		}
	}
	if len(there) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(there)
	return string(raw), err
}

// ends tells one link from another.
func ends(l linkspan.Link) [2]linkspan.LinkEnd { return [2]linkspan.LinkEnd{l.A, l.B} }

// copyLinks lets the links of a container hold at its new place too, before it runs
// there: what was denied stays so.
func (m *Mover) copyLinks(ctx context.Context, r *Record) error {
	links, err := m.cfg.Store.Links(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		moved, is := relinked(l, r.From, r.To, r.Name)
		if !is {
			continue
		}
		if _, err := m.cfg.Store.PutLink(ctx, moved, nil); err != nil {
			return err
		}
	}
	return nil
}

// crossed lists the links at a container's new place that say otherwise than those it has
// and would bring: they are about another one, which was there before.
func (m *Mover) crossed(ctx context.Context, t *Target) (list []string, err error) {
	links, err := m.cfg.Store.Links(ctx)
	if err != nil {
		return nil, err
	}
	has := make(map[[2]linkspan.LinkEnd]linkspan.LinkVerdict, len(links))
	for _, l := range links {
		has[ends(l)] = l.Verdict
	}
	for _, l := range links {
		moved, is := relinked(l, t.From.ID, t.To.ID, t.Container)
		if there, known := has[ends(moved)]; is && known && there != l.Verdict {
			other := moved.A.Container
			if moved.A.Chassis == t.To.ID && moved.A.Container == t.Container {
				other = moved.B.Container
			}
			list = append(list, fmt.Sprintf("its link with %s says %s, and one of %s/%s is there that says %s (linkspan link clear)",
				other, l.Verdict, t.To.Name, t.Container, there))
		}
	}
	return list, nil
}

// dropLinks takes away the links of a container at one place that it has at the
// other too, but for those that twins wrote down.
func (m *Mover) dropLinks(ctx context.Context, at, other linkspan.ChassisID, name, stay string) error {
	var staying [][2]linkspan.LinkEnd
	if stay != "" {
		if err := json.Unmarshal([]byte(stay), &staying); err != nil {
			return err
		}
	}
	links, err := m.cfg.Store.Links(ctx)
	if err != nil {
		return err
	}
	have := make(map[[2]linkspan.LinkEnd]linkspan.LinkVerdict, len(links))
	for _, l := range links {
		have[ends(l)] = l.Verdict
	}
	var errs []error
	dropped := false
	for _, l := range links {
		twin, is := relinked(l, at, other, name)
		if is && have[ends(twin)] == l.Verdict && !slices.Contains(staying, ends(l)) {
			removed, err := m.cfg.Store.RemoveLink(ctx, l)
			errs, dropped = append(errs, err), dropped || removed
		}
	}
	if dropped && m.cfg.Unlinked != nil {
		errs = append(errs, m.cfg.Unlinked(ctx))
	}
	return errors.Join(errs...)
}

// relinked is a link with the container at another place; is says whether it is one
// of that container.
func relinked(l linkspan.Link, from, to linkspan.ChassisID, name string) (moved linkspan.Link, is bool) {
	for _, end := range []*linkspan.LinkEnd{&l.A, &l.B} {
		if end.Chassis == from && end.Container == name {
			end.Chassis, is = to, true
		}
	}
	moved = linkspan.LinkOf(l.A, l.B, l.Verdict)
	moved.Creator = l.Creator
	return moved, is
}
