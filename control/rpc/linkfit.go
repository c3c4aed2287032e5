// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

// fitting checks a link as it is about to be written: what it says must come true,
// and what other links say must stay true.
func (s *Server) fitting(w *linkable) func(context.Context, linkspan.Link) error {
	return func(ctx context.Context, l linkspan.Link) error {
		if err := s.reread(ctx, w); err != nil {
			return err
		}
		if err := mayLink(w.links, &l); err != nil {
			return err
		}
		if l.Verdict == linkspan.LinkDeny {
			return w.partable(&l)
		}
		before := w.view(&l)
		after, _ := before.Apply(view.PutLink(&l))
		if err := w.reachable(after, &l); err != nil {
			return err
		}
		return w.unbroken(before, after)
	}
}

// sparing checks a group to which networks are about to come: no link may lead
// nowhere by that.
func (s *Server) sparing(ctx context.Context, g linkspan.Group) error {
	links, err := s.store.Links(ctx)
	if err != nil || !slices.ContainsFunc(links, func(l linkspan.Link) bool { return l.Verdict == linkspan.LinkAllow }) {
		return err
	}
	w, err := s.linkable(ctx)
	if err != nil {
		return err
	}
	before := w.view(nil)
	after, _ := before.Apply(view.PutGroup(&g))
	return w.unbroken(before, after)
}

// reachable says why a link could not connect: no endpoint of the one container
// finds one of the other under its address.
func (w *linkable) reachable(v *view.View, l *linkspan.Link) error {
	var why error
	for a := range v.Covered(l.A) {
		for b := range v.Covered(l.B) {
			if a.Address.Is4() != b.Address.Is4() {
				continue
			}
			if err := w.meet(v, a, b); err == nil {
				return nil
			} else if why == nil {
				why = err
			}
		}
	}
	if why == nil {
		why = &linkspan.Error{
			Code:    linkspan.Invalid,
			Message: fmt.Sprintf("%s or %s has no attachment that can be led to another network", w.text(l.A), w.text(l.B)),
			Hint:    "attach both to networks of driver linkspan",
		}
	}
	return why
}

// meet says why two endpoints cannot talk, whoever allows it.
func (w *linkable) meet(v *view.View, a, b *linkspan.Endpoint) error {
	if a.Network == b.Network {
		return nil
	}
	for _, e := range []*linkspan.Endpoint{a, b} {
		if n := v.Network(e.Network); n != nil && n.Internal {
			return &linkspan.Error{
				Code:    linkspan.Invalid,
				Message: fmt.Sprintf("%s is in network %s, which is internal: its containers have no way out of it", e.Container, n.Name),
				Hint:    "attach both containers to one network",
			}
		}
	}
	if v.FindEachOther(a, b) {
		return nil
	}
	return &linkspan.Error{
		Code:    linkspan.Invalid,
		Message: "addresses overlap: " + w.astray(v, a, b),
		Hint:    "give one of the networks another subnet, or name the networks by which the containers are to talk, as in linkspan connect a.web b.db",
	}
}

// unbroken says which link that connects two endpoints in one View does not in the
// next, as somebody else is found under an address.
func (w *linkable) unbroken(before, after *view.View) error {
	for i := range w.links {
		l := &w.links[i]
		if l.Verdict != linkspan.LinkAllow {
			continue
		}
		for a := range before.Covered(l.A) {
			for b := range before.Covered(l.B) {
				if !before.FindEachOther(a, b) || after.FindEachOther(a, b) {
					continue
				}
				return &linkspan.Error{
					Code:    linkspan.Invalid,
					Message: fmt.Sprintf("the link that connects %s and %s would lead nowhere: then, %s", w.text(l.A), w.text(l.B), w.astray(after, a, b)),
					Hint:    fmt.Sprintf("give one of the networks another subnet, or take the link back: linkspan link clear %s %s", w.text(l.A), w.text(l.B)),
				}
			}
		}
	}
	return nil
}

// astray says whom one of two endpoints finds under the address of the other, where
// that is not the other.
func (w *linkable) astray(v *view.View, a, b *linkspan.Endpoint) string {
	from, to := a, b
	if key, sight := v.Find(a, b.Address); sight == view.Seen && key == view.KeyOf(b) {
		from, to = b, a
	}
	key, sight := v.Find(from, to.Address)
	return fmt.Sprintf("for %s in network %s, %s is %s", from.Container, w.names.networks[from.Network], to.Address, w.seen(v, key, sight, from))
}

// seen says whose an address is.
func (w *linkable) seen(v *view.View, key view.Key, sight view.Sight, from *linkspan.Endpoint) string {
	switch {
	case sight != view.Seen:
		return "that of several containers that links connect it with"
	case key.Network == from.Network:
		return "an address of its own network"
	}
	if e := v.Endpoint(key); e != nil && e.Container != "" {
		return "that of " + e.Container + " in network " + w.names.networks[key.Network]
	}
	return "an address of network " + w.names.networks[key.Network]
}
