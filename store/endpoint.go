// SPDX-License-Identifier: Apache-2.0

package store

import (
	"cmp"
	"context"
	"errors"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// Reserve leases e.Address to e.Chassis. A taken address has code Exists and
// names its holder, also when that is the same chassis.
func (s *Store) Reserve(ctx context.Context, e linkspan.Endpoint) error {
	if err := e.Validate(); err != nil {
		return err
	}
	e.Created = s.now().UTC()
	err := retry(ctx, "reserve "+e.Address.String(), func() error {
		cond, err := s.joinable(ctx, e.Network, e.Address)
		if err != nil {
			return err
		}
		if err := s.member(ctx, e.Chassis); err != nil {
			return err
		}
		key := endpointKey(e.Network, e.Address)
		_, err = s.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{cond, kv.Present(chassisKey(e.Chassis)), kv.Absent(key)},
			Then: []kv.Op{put(key, e)},
		})
		if errors.Is(err, kv.ErrConflict) {
			return s.taken(ctx, e)
		}
		return err
	})
	return fault("reserve "+e.Address.String(), err)
}

// joinable returns the condition under which an endpoint may join: the network
// is as it was just read, and not being removed.
func (s *Store) joinable(ctx context.Context, id linkspan.NetworkID, a netip.Addr) (kv.Cond, error) {
	n, revision, err := get[linkspan.Network](ctx, s, networkKey(id), "network "+id.String())
	switch {
	case err != nil:
		return kv.Cond{}, err
	case n.Removing:
		return kv.Cond{}, beingRemoved(&n)
	case n.Driver == linkspan.Bridge:
		return kv.Cond{}, &linkspan.Error{Code: linkspan.Invalid, Message: "the addresses of network " + n.Name + " are its host's to lease"}
	case !n.Leasable(a):
		return kv.Cond{}, &linkspan.Error{Code: linkspan.Invalid, Message: "address " + a.String() + " is not one that network " + n.Name + " (" + n.SubnetText() + ", gateway " + n.Gateway.String() + ") can lease"}
	}
	return kv.RevisionIs(networkKey(id), revision), nil
}

// member refuses a chassis that was removed: what it still asks for nobody could
// ever free.
func (s *Store) member(ctx context.Context, id linkspan.ChassisID) error {
	_, err := s.Chassis(ctx, id)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return &linkspan.Error{Code: linkspan.Permission, Message: "this switch was removed", Hint: "it needs a new token: linkspan switch token"}
	}
	return err
}

// taken tells why the reservation lost: the address is held, or only the
// network changed meanwhile (then kv.ErrConflict, to try again).
func (s *Store) taken(ctx context.Context, e linkspan.Endpoint) error {
	holder, err := s.Endpoint(ctx, e.Network, e.Address)
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return kv.ErrConflict
	}
	if err != nil {
		return err
	}
	by := holder.Container
	if by == "" {
		by = "an endpoint"
	}
	if c, err := s.Chassis(ctx, holder.Chassis); err == nil {
		by += " on " + c.Name
	}
	return &linkspan.Error{Code: linkspan.Exists, Message: "address " + e.Address.String() + " is taken by " + by}
}

// Attach stores what a reservation has become: its port, MAC, container, second
// address. The reservations of both addresses must be the same chassis's; without
// one it has code NotFound. That of the second address stays as it is.
func (s *Store) Attach(ctx context.Context, e linkspan.Endpoint) error {
	if err := e.Validate(); err != nil {
		return err
	}
	err := retry(ctx, "attach "+e.Address.String(), func() error {
		old, revision, err := s.own(ctx, e)
		if err != nil {
			return err
		}
		holds, err := s.second(ctx, e)
		if err != nil {
			return err
		}
		e.Created = old.Created
		if old.ID == "" || old.ID == e.ID { // what is known of another is not of this one
			e.Container = cmp.Or(e.Container, old.Container)
			if e.Labels == nil {
				e.Labels = old.Labels
			}
			if e.Aliases == nil {
				e.Aliases = old.Aliases
			}
		}
		key := endpointKey(e.Network, e.Address)
		_, err = s.kv.Txn(ctx, kv.Txn{If: append(holds, kv.RevisionIs(key, revision)), Then: []kv.Op{put(key, e)}})
		return err
	})
	return fault("attach "+e.Address.String(), err)
}

// second returns the condition that e's chassis has its second address reserved; none
// where it has none.
func (s *Store) second(ctx context.Context, e linkspan.Endpoint) ([]kv.Cond, error) {
	if !e.Address6.IsValid() {
		return nil, nil
	}
	_, revision, err := s.own(ctx, linkspan.Endpoint{Network: e.Network, Address: e.Address6, Chassis: e.Chassis})
	return []kv.Cond{kv.RevisionIs(endpointKey(e.Network, e.Address6), revision)}, err
}

// own returns the stored record of e if its chassis is e's.
func (s *Store) own(ctx context.Context, e linkspan.Endpoint) (linkspan.Endpoint, uint64, error) {
	key := endpointKey(e.Network, e.Address)
	old, revision, err := get[linkspan.Endpoint](ctx, s, key, "endpoint "+e.Address.String())
	if err == nil && old.Chassis != e.Chassis {
		err = &linkspan.Error{Code: linkspan.Permission, Message: "endpoint " + e.Address.String() + " belongs to another chassis"}
	}
	return old, revision, err
}

// Release frees an address of a chassis. A free one is no error; another
// chassis's has code Permission.
func (s *Store) Release(ctx context.Context, network linkspan.NetworkID, a netip.Addr, chassis linkspan.ChassisID) error {
	err := retry(ctx, "release "+a.String(), func() error {
		_, revision, err := s.own(ctx, linkspan.Endpoint{Network: network, Address: a, Chassis: chassis})
		switch {
		case linkspan.CodeOf(err) == linkspan.NotFound:
			return nil //nolint:nilerr // what is not there is free already
		case err != nil:
			return err
		}
		key := endpointKey(network, a)
		_, err = s.kv.Txn(ctx, kv.Txn{If: []kv.Cond{kv.RevisionIs(key, revision)}, Then: []kv.Op{kv.Delete(key)}})
		return err
	})
	return fault("release "+a.String(), err)
}

// Endpoint returns the endpoint or reservation of an address.
func (s *Store) Endpoint(ctx context.Context, network linkspan.NetworkID, a netip.Addr) (linkspan.Endpoint, error) {
	e, _, err := get[linkspan.Endpoint](ctx, s, endpointKey(network, a), "endpoint "+a.String())
	return e, err
}

// Endpoints returns those of one network, or of all when network is 0.
func (s *Store) Endpoints(ctx context.Context, network linkspan.NetworkID) ([]linkspan.Endpoint, error) {
	prefix := endpointsPrefix
	if network != 0 {
		prefix = endpointsOf(network)
	}
	return list[linkspan.Endpoint](ctx, s, prefix)
}
