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
// already stays as it is, unchecked. An end on a chassis or in a network that does
// not exist has code NotFound, in one that is being removed Conflict; what a check
// refuses, which may be nil, has that error.
func (s *Store) PutLink(ctx context.Context, l linkspan.Link, check Check[linkspan.Link]) (old linkspan.Link, err error) {
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
		conds, err := s.linkable(ctx, &l)
		if err != nil {
			return err
		}
		if err := check.ask(ctx, l); err != nil {
			return err
		}
		_, err = s.kv.Txn(ctx, kv.Txn{If: append(conds, rule.cond), Then: []kv.Op{rule.op, put(linkKey(&l), l)}})
		return err
	})
	return old, fault("write link", err)
}

// linkable returns the conditions under which a link may have its ends: the chassis
// are there, and the networks are as they were just read, and not being removed.
func (s *Store) linkable(ctx context.Context, l *linkspan.Link) (conds []kv.Cond, err error) {
	for _, end := range []linkspan.LinkEnd{l.A, l.B} {
		if _, err := s.Chassis(ctx, end.Chassis); err != nil {
			return nil, err
		}
		conds = append(conds, kv.Present(chassisKey(end.Chassis)))
		if end.Network == 0 {
			continue
		}
		n, revision, err := get[linkspan.Network](ctx, s, networkKey(end.Network), "network "+end.Network.String())
		if err != nil {
			return nil, err
		}
		if n.Removing {
			return nil, beingRemoved(&n)
		}
		conds = append(conds, kv.RevisionIs(networkKey(end.Network), revision))
	}
	return conds, nil
}

// RemoveLink removes a link as the caller knows it; it says whether there was one.
// One that says otherwise by now has code Conflict, and stays.
func (s *Store) RemoveLink(ctx context.Context, l linkspan.Link) (removed bool, err error) {
	err = s.ruling(ctx, "remove link", func(rule ruling) error {
		now, _, err := get[linkspan.Link](ctx, s, linkKey(&l), "link")
		if removed = err == nil; !removed {
			if linkspan.CodeOf(err) == linkspan.NotFound {
				return nil
			}
			return err
		}
		if now.Verdict != l.Verdict {
			return &linkspan.Error{
				Code: linkspan.Conflict, Message: "somebody else changed the link just now, from " + string(l.Verdict) + " to " + string(now.Verdict),
				Hint: "look at it with linkspan link ls, and try again",
			}
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
