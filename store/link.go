// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// PutLink stores a link over one between the same ends; it returns what was there
// before, with an empty verdict when there was none. One that says the same
// already stays as it is.
func (s *Store) PutLink(ctx context.Context, l linkspan.Link) (old linkspan.Link, err error) {
	if err := l.Validate(); err != nil {
		return old, err
	}
	l.Created = s.now().UTC()
	err = s.ruling(ctx, "write link", func(rule ruling) error {
		old, _, err = get[linkspan.Link](ctx, s, linkKey(&l), "link")
		switch {
		case linkspan.CodeOf(err) == linkspan.NotFound:
			old = linkspan.Link{}
		case err != nil || old.Verdict == l.Verdict:
			return err
		}
		conds := []kv.Cond{rule.cond}
		for _, end := range []linkspan.LinkEnd{l.A, l.B} {
			conds = append(conds, kv.Present(chassisKey(end.Chassis)))
			if end.Network != 0 {
				conds = append(conds, kv.Present(networkKey(end.Network)))
			}
		}
		_, err := s.kv.Txn(ctx, kv.Txn{If: conds, Then: []kv.Op{rule.op, put(linkKey(&l), l)}})
		return err
	})
	return old, fault("write link", err)
}

// RemoveLink removes a link; it says whether there was one.
func (s *Store) RemoveLink(ctx context.Context, l linkspan.Link) (removed bool, err error) {
	err = s.ruling(ctx, "remove link", func(rule ruling) error {
		_, _, err := get[linkspan.Link](ctx, s, linkKey(&l), "link")
		if removed = err == nil; !removed {
			if linkspan.CodeOf(err) == linkspan.NotFound {
				return nil
			}
			return err
		}
		_, err = s.kv.Txn(ctx, kv.Txn{If: []kv.Cond{rule.cond}, Then: []kv.Op{rule.op, kv.Delete(linkKey(&l))}})
		return err
	})
	return removed && err == nil, fault("remove link", err)
}

// Links returns all links, by their ends.
func (s *Store) Links(ctx context.Context) ([]linkspan.Link, error) {
	return list[linkspan.Link](ctx, s, linksPrefix)
}

// dropLinks removes the links with an end that is about to go: its number may be
// another's one day.
func (s *Store) dropLinks(ctx context.Context, goes func(linkspan.LinkEnd) bool) error {
	links, err := s.Links(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		if !goes(l.A) && !goes(l.B) {
			continue
		}
		if _, err := s.RemoveLink(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// linkKey names a link by its ends, which are in order.
func linkKey(l *linkspan.Link) string { return linksPrefix + endText(l.A) + "/" + endText(l.B) }

// endText writes an end as one part of a key. A container's name has no slash.
func endText(e linkspan.LinkEnd) string {
	return fmt.Sprintf("%04x.%06x.%s", uint16(e.Chassis), uint32(e.Network), e.Container)
}

// parseLinkKey is the inverse of linkKey.
func parseLinkKey(key string) (l linkspan.Link, err error) {
	a, b, _ := strings.Cut(strings.TrimPrefix(key, linksPrefix), "/")
	if l.A, err = parseEnd(a); err == nil {
		l.B, err = parseEnd(b)
	}
	return l, err
}

func parseEnd(text string) (e linkspan.LinkEnd, err error) {
	chassis, rest, _ := strings.Cut(text, ".")
	network, name, ok := strings.Cut(rest, ".")
	c, err := strconv.ParseUint(chassis, 16, 16)
	if err != nil || !ok {
		return e, fmt.Errorf("end of a link %q is not understood", text)
	}
	n, err := strconv.ParseUint(network, 16, 24)
	return linkspan.LinkEnd{Chassis: linkspan.ChassisID(c), Network: linkspan.NetworkID(n), Container: name}, err
}
