// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// CreateChassis numbers and stores a chassis. A taken name has code Exists, and
// the chassis that has it is returned.
func (s *Store) CreateChassis(ctx context.Context, c linkspan.Chassis) (linkspan.Chassis, error) {
	c.Joined = s.now().UTC()
	var existing linkspan.Chassis
	err := retry(ctx, "create chassis "+c.Name, func() (err error) {
		existing, err = s.ChassisByName(ctx, c.Name)
		if err == nil {
			return &linkspan.Error{
				Code: linkspan.Exists, Message: "a switch named " + c.Name + " is registered already",
				Hint: "if that host is gone, type: linkspan switch rm " + c.Name + "; otherwise join with another --name",
			}
		}
		if linkspan.CodeOf(err) != linkspan.NotFound {
			return err
		}
		return s.numbered(ctx, func() error { return s.tryCreateChassis(ctx, &c) })
	})
	if linkspan.CodeOf(err) == linkspan.Exists {
		return existing, err
	}
	return c, fault("create chassis "+c.Name, err)
}

func (s *Store) tryCreateChassis(ctx context.Context, c *linkspan.Chassis) error {
	number, cond, op, err := s.nextNumber(ctx, "chassis", math.MaxUint16)
	if err != nil {
		return err
	}
	c.ID = linkspan.ChassisID(number)
	if err := c.Validate(); err != nil {
		return err
	}
	_, err = s.kv.Get(ctx, chassisKey(c.ID))
	if err == nil { // the counter has been round once
		return errors.Join(s.skipNumber(ctx, cond, op), kv.ErrConflict)
	}
	_, err = s.kv.Txn(ctx, kv.Txn{
		If: []kv.Cond{cond, kv.Absent(chassisKey(c.ID)), kv.Absent(chassisNameKey(c.Name))},
		Then: []kv.Op{
			op,
			put(chassisKey(c.ID), c),
			kv.Put(chassisNameKey(c.Name), strconv.AppendUint(nil, number, 10)),
		},
	})
	return err
}

// UpdateChassis changes a stored chassis; change must not touch its number or
// name and may be called several times.
func (s *Store) UpdateChassis(ctx context.Context, id linkspan.ChassisID, change func(*linkspan.Chassis)) (linkspan.Chassis, error) {
	var c linkspan.Chassis
	err := retry(ctx, "update chassis", func() error {
		old, revision, err := get[linkspan.Chassis](ctx, s, chassisKey(id), chassisWord(id))
		if err != nil {
			return err
		}
		c = old
		change(&c)
		if c == old {
			return nil
		}
		if err := c.Validate(); err != nil {
			return err
		}
		_, err = s.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{kv.RevisionIs(chassisKey(id), revision)},
			Then: []kv.Op{put(chassisKey(id), c)},
		})
		return err
	})
	return c, fault("update chassis", err)
}

// RemoveChassis removes a chassis's record, name and paths, and with them the links
// with an end there; its endpoints are the caller's to release first. After an error
// it is repeated.
func (s *Store) RemoveChassis(ctx context.Context, c linkspan.Chassis) error {
	_, err := s.unrule(ctx, "remove chassis "+c.Name, &unruling{
		goes: func(e linkspan.LinkEnd) bool { return e.Chassis == c.ID },
		last: []kv.Op{kv.Delete(chassisKey(c.ID)), kv.Delete(chassisNameKey(c.Name)), kv.Delete(pathsKey(c.ID))},
	})
	return fault("remove chassis "+c.Name, err)
}

// Chassis returns the chassis of a number.
func (s *Store) Chassis(ctx context.Context, id linkspan.ChassisID) (linkspan.Chassis, error) {
	c, _, err := get[linkspan.Chassis](ctx, s, chassisKey(id), chassisWord(id))
	return c, err
}

// ChassisByName returns the chassis of a name.
func (s *Store) ChassisByName(ctx context.Context, name string) (linkspan.Chassis, error) {
	entry, err := s.kv.Get(ctx, chassisNameKey(name))
	if errors.Is(err, kv.ErrNotFound) || errors.Is(err, kv.ErrInvalid) {
		return linkspan.Chassis{}, &linkspan.Error{
			Code: linkspan.NotFound, Message: "switch " + name + " does not exist",
			Hint: "linkspan switch ls shows those that do",
		}
	}
	if err != nil {
		return linkspan.Chassis{}, fault("find chassis "+name, err)
	}
	number, err := strconv.ParseUint(string(entry.Value), 10, 16)
	if err != nil {
		return linkspan.Chassis{}, &linkspan.Error{Code: linkspan.Internal, Op: "find chassis " + name, Err: err}
	}
	return s.Chassis(ctx, linkspan.ChassisID(number))
}

// AllChassis returns every chassis, by number.
func (s *Store) AllChassis(ctx context.Context) ([]linkspan.Chassis, error) {
	return list[linkspan.Chassis](ctx, s, chassisPrefix)
}

func chassisWord(id linkspan.ChassisID) string { return "chassis " + strconv.Itoa(int(id)) }
