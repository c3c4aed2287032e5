// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"errors"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// CreateNetwork numbers and stores a network after filling its defaults. A
// taken name has code Exists, and the network that has it is returned.
func (s *Store) CreateNetwork(ctx context.Context, n linkspan.Network) (linkspan.Network, error) {
	n.ApplyDefaults()
	if err := n.Validate(); err != nil {
		return linkspan.Network{}, err
	}
	n.Created, n.Removing = s.now().UTC(), false
	var existing linkspan.Network
	err := retry(ctx, "create network "+n.Name, func() (err error) {
		existing, err = s.NetworkByName(ctx, n.Name)
		if err == nil {
			return &linkspan.Error{Code: linkspan.Exists, Message: "network with name " + n.Name + " already exists, with subnet " + existing.SubnetText()}
		}
		if linkspan.CodeOf(err) != linkspan.NotFound {
			return err
		}
		return s.numbered(ctx, func() error { return s.tryCreateNetwork(ctx, &n) })
	})
	if linkspan.CodeOf(err) == linkspan.Exists {
		return existing, err
	}
	if err != nil {
		return linkspan.Network{}, fault("create network "+n.Name, err)
	}
	return n, nil
}

func (s *Store) tryCreateNetwork(ctx context.Context, n *linkspan.Network) error {
	number, cond, op, err := s.nextNumber(ctx, "network", uint64(linkspan.MaxNetworkID))
	if err != nil {
		return err
	}
	n.ID = linkspan.NetworkID(number)
	_, err = s.kv.Get(ctx, networkKey(n.ID))
	if err == nil { // the counter has been round once
		return errors.Join(s.skipNumber(ctx, cond, op), kv.ErrConflict)
	}
	_, err = s.kv.Txn(ctx, kv.Txn{
		If: []kv.Cond{cond, kv.Absent(networkKey(n.ID)), kv.Absent(networkNameKey(n.Name))},
		Then: []kv.Op{
			op,
			put(networkKey(n.ID), n),
			kv.Put(networkNameKey(n.Name), []byte(n.ID.String())),
		},
	})
	return err
}

// Network returns the network of a number.
func (s *Store) Network(ctx context.Context, id linkspan.NetworkID) (linkspan.Network, error) {
	n, _, err := get[linkspan.Network](ctx, s, networkKey(id), "network "+id.String())
	return n, err
}

// NetworkByName returns the network of a name.
func (s *Store) NetworkByName(ctx context.Context, name string) (linkspan.Network, error) {
	entry, err := s.kv.Get(ctx, networkNameKey(name))
	if errors.Is(err, kv.ErrNotFound) || errors.Is(err, kv.ErrInvalid) {
		return linkspan.Network{}, &linkspan.Error{
			Code: linkspan.NotFound, Message: "network " + name + " not found",
			Hint: "linkspan network ls shows those that do",
		}
	}
	if err != nil {
		return linkspan.Network{}, fault("find network "+name, err)
	}
	id, err := linkspan.ParseNetworkID(string(entry.Value))
	if err != nil {
		return linkspan.Network{}, err
	}
	return s.Network(ctx, id)
}

// Networks returns all networks, by number.
func (s *Store) Networks(ctx context.Context) ([]linkspan.Network, error) {
	return list[linkspan.Network](ctx, s, networksPrefix)
}

// errUnmarked says that the mark of a removal is not its own any more.
var errUnmarked = errors.New("another removal marked the network")

// RemoveNetwork removes an empty network; with its record it leaves its groups, and
// links that name it end. While an endpoint or a reservation exists it refuses with
// code InUse and changes nothing. After an error of another code the network may
// still be marked: no endpoint can join it, and what began to end is not put back.
// To repeat the call, or ResumeRemovals, finishes it.
//
// It first marks the network, which no endpoint can join from then on, then
// looks whether it is empty: whoever joined before the mark is seen, whoever
// comes after it is refused.
func (s *Store) RemoveNetwork(ctx context.Context, id linkspan.NetworkID) error {
	err := retry(ctx, "remove network", func() error { return s.tryRemoveNetwork(ctx, id) })
	return fault("remove network", err)
}

// tryRemoveNetwork deletes on the condition that its own mark still stands: if
// another removal took it back meanwhile, somebody may have joined.
func (s *Store) tryRemoveNetwork(ctx context.Context, id linkspan.NetworkID) error {
	n, mark, err := s.markRemoving(ctx, id, true)
	if err != nil {
		return err
	}
	endpoints, err := s.Endpoints(ctx, id)
	if err == nil && len(endpoints) > 0 {
		err = inUse(n.Name, endpoints)
	}
	if err == nil {
		var begun bool
		begun, err = s.unrule(ctx, "remove network", s.unruleNetwork(&n, mark))
		switch {
		case errors.Is(err, errUnmarked):
			return kv.ErrConflict
		case err == nil || begun:
			return err
		}
	}
	detached := context.WithoutCancel(ctx)
	undo := retry(detached, "keep network", func() error {
		_, _, err := s.markRemoving(detached, id, false)
		if linkspan.CodeOf(err) == linkspan.NotFound { // it went all the same
			return nil
		}
		return err
	})
	return errors.Join(err, undo)
}

// unruleNetwork takes a network that is marked out of its groups, and removes the
// links that name it, with its record.
func (s *Store) unruleNetwork(n *linkspan.Network, mark uint64) *unruling {
	return &unruling{
		groups: func(g *linkspan.Group) (linkspan.Group, bool) { return g.Without(n.ID), g.Has(n.ID) },
		goes:   func(e linkspan.LinkEnd) bool { return e.Network == n.ID },
		last:   []kv.Op{kv.Delete(networkKey(n.ID)), kv.Delete(networkNameKey(n.Name))},
		holds: func(ctx context.Context) ([]kv.Cond, error) {
			_, revision, err := get[linkspan.Network](ctx, s, networkKey(n.ID), "network "+n.Name)
			if err == nil && revision != mark {
				err = errUnmarked
			}
			return []kv.Cond{kv.RevisionIs(networkKey(n.ID), mark)}, err
		},
	}
}

// markRemoving writes the mark, also over one that stands, so that the revision
// it returns is its own. Taking a mark back that is gone changes nothing.
func (s *Store) markRemoving(ctx context.Context, id linkspan.NetworkID, removing bool) (linkspan.Network, uint64, error) {
	n, revision, err := get[linkspan.Network](ctx, s, networkKey(id), "network "+id.String())
	if err != nil || !removing && !n.Removing {
		return n, revision, err
	}
	n.Removing = removing
	revision, err = s.kv.Txn(ctx, kv.Txn{
		If:   []kv.Cond{kv.RevisionIs(networkKey(id), revision)},
		Then: []kv.Op{put(networkKey(id), n)},
	})
	return n, revision, err
}

// ResumeRemovals finishes, or takes back, the removals that a process did not
// live to finish. It is for the start of a controller.
func (s *Store) ResumeRemovals(ctx context.Context) error {
	networks, err := s.Networks(ctx)
	if err != nil {
		return err
	}
	for i := range networks {
		if !networks[i].Removing {
			continue
		}
		err := s.RemoveNetwork(ctx, networks[i].ID)
		if code := linkspan.CodeOf(err); err != nil && code != linkspan.InUse && code != linkspan.NotFound {
			return err
		}
	}
	return nil
}

func inUse(name string, endpoints []linkspan.Endpoint) error {
	who := endpoints[0].Container
	if who == "" {
		who = endpoints[0].Address.String()
	}
	message := "network " + name + " has an endpoint, " + who
	if len(endpoints) > 1 {
		message = "network " + name + " has endpoints, " + who + " among them"
	}
	return &linkspan.Error{
		Code: linkspan.InUse, Message: message,
		Hint: "linkspan endpoint ls --network " + name + " shows them; remove or disconnect those containers first",
	}
}
