// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// CreateGroup stores a group. A taken name has code Exists; networks that cannot
// be together, or do not exist, are refused as in ChangeGroup; so is what a check
// refuses, which may be nil.
func (s *Store) CreateGroup(ctx context.Context, g linkspan.Group, check Check[linkspan.Group]) (linkspan.Group, error) {
	if err := g.Validate(); err != nil {
		return linkspan.Group{}, err
	}
	g.Created = s.now().UTC()
	err := s.ruling(ctx, "create group "+g.Name, func(rule ruling) error {
		_, _, err := get[linkspan.Group](ctx, s, groupKey(g.Name), "group "+g.Name)
		if err == nil {
			return &linkspan.Error{Code: linkspan.Exists, Message: "group " + g.Name + " already exists", Hint: "linkspan group add puts networks into it"}
		}
		if linkspan.CodeOf(err) != linkspan.NotFound {
			return err
		}
		return s.putGroup(ctx, rule, kv.Absent(groupKey(g.Name)), linkspan.Group{Name: g.Name}, g, check)
	})
	if err != nil {
		return linkspan.Group{}, fault("create group "+g.Name, err)
	}
	return g, nil
}

// ChangeGroup changes the networks of a group; change may be called several
// times. It returns what was and what is. A group that does not exist has code
// NotFound; networks that overlap with each other or with what one of them reaches
// by another group have code Invalid, and so have those whose driver has no routes.
// check, which may be nil, is asked about what is to be; a group from which networks
// only go is not checked.
func (s *Store) ChangeGroup(
	ctx context.Context, name string, change func(linkspan.Group) linkspan.Group, check Check[linkspan.Group],
) (old, now linkspan.Group, err error) {
	err = s.ruling(ctx, "change group "+name, func(rule ruling) error {
		var revision uint64
		if old, revision, err = s.group(ctx, name); err != nil {
			return err
		}
		if now = change(old); len(now.Networks) == len(old.Networks) && contains(&now, &old) {
			return nil
		}
		if err := now.Validate(); err != nil {
			return err
		}
		return s.putGroup(ctx, rule, kv.RevisionIs(groupKey(name), revision), old, now, check)
	})
	return old, now, fault("change group "+name, err)
}

// putGroup writes a group on the conditions that what comes to it is there to stay,
// and that no other group or link changed since all of them were read.
func (s *Store) putGroup(ctx context.Context, rule ruling, as kv.Cond, old, g linkspan.Group, check Check[linkspan.Group]) error {
	come, err := s.coming(ctx, &old, &g)
	if err != nil {
		return err
	}
	groups, err := s.Groups(ctx)
	if err != nil {
		return err
	}
	networks, err := s.Networks(ctx)
	if err != nil {
		return err
	}
	if err := fit(g, old, groups, networks); err != nil {
		return err
	}
	if len(come) > 0 {
		if err := check.ask(ctx, g); err != nil {
			return err
		}
	}
	_, err = s.kv.Txn(ctx, kv.Txn{
		If:   append(come, rule.cond, as),
		Then: []kv.Op{rule.op, put(groupKey(g.Name), g)},
	})
	return err
}

// maxComing is how many networks may come to a group at once: each is a condition
// of the transaction.
const maxComing = kv.MaxTxn - 4

// coming returns the conditions that the networks which come to a group are as they
// were before the whole was looked at: a removal that begins later is not missed.
func (s *Store) coming(ctx context.Context, old, g *linkspan.Group) (conds []kv.Cond, err error) {
	for _, id := range g.Networks {
		if old.Has(id) {
			continue
		}
		if len(conds) == maxComing {
			return nil, &linkspan.Error{
				Code: linkspan.Invalid, Message: fmt.Sprintf("more than %d networks cannot come to group %s at once", maxComing, g.Name),
				Hint: "add some, then the others",
			}
		}
		_, revision, err := get[linkspan.Network](ctx, s, networkKey(id), "network "+id.String())
		if err != nil {
			return nil, err
		}
		conds = append(conds, kv.RevisionIs(networkKey(id), revision))
	}
	return conds, nil
}

// RemoveGroup removes a group, and returns what it was; the networks stay.
func (s *Store) RemoveGroup(ctx context.Context, name string) (g linkspan.Group, err error) {
	err = s.ruling(ctx, "remove group "+name, func(rule ruling) error {
		var revision uint64
		if g, revision, err = s.group(ctx, name); err != nil {
			return err
		}
		_, err := s.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{rule.cond, kv.RevisionIs(groupKey(name), revision)},
			Then: []kv.Op{rule.op, kv.Delete(groupKey(name))},
		})
		return err
	})
	return g, fault("remove group "+name, err)
}

// Group returns the group of a name; a missing one has code NotFound.
func (s *Store) Group(ctx context.Context, name string) (linkspan.Group, error) {
	g, _, err := s.group(ctx, name)
	return g, err
}

func (s *Store) group(ctx context.Context, name string) (linkspan.Group, uint64, error) {
	g, revision, err := get[linkspan.Group](ctx, s, groupKey(name), "group "+name)
	if errors.Is(err, kv.ErrInvalid) || linkspan.CodeOf(err) == linkspan.NotFound {
		err = &linkspan.Error{Code: linkspan.NotFound, Message: "group " + name + " does not exist", Hint: "linkspan group ls shows those that do"}
	}
	return g, revision, err
}

// Groups returns all groups, by name.
func (s *Store) Groups(ctx context.Context) ([]linkspan.Group, error) {
	return list[linkspan.Group](ctx, s, groupsPrefix)
}

// contains says whether g has all networks of o.
func contains(g, o *linkspan.Group) bool {
	for _, id := range o.Networks {
		if !g.Has(id) {
			return false
		}
	}
	return true
}
