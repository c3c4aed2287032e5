// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/password"
)

const usersPrefix = "users/"

// Book is the users of a registry, kept in a store. It is safe for concurrent use.
type Book struct {
	store  kv.Store
	random io.Reader
	now    func() time.Time
	proofs *proofs
}

// NewBook returns the book that a store has.
func NewBook(store kv.Store, random io.Reader, now func() time.Time) *Book {
	return &Book{store: store, random: random, now: now, proofs: newProofs(now)}
}

// Create adds a user. The error is Exists if the name is taken, and Invalid for a bad
// name, role, grant or password.
func (b *Book) Create(ctx context.Context, u User, secret string) error {
	if err := u.Validate(); err != nil {
		return err
	}
	hash, err := password.Hash(secret, b.random)
	if err != nil {
		return err
	}
	u.Hash, u.Created = hash, b.now().UTC()
	u.Changed = u.Created
	err = b.write(ctx, kv.Absent(usersPrefix+u.Name), u)
	if errors.Is(err, kv.ErrConflict) {
		return &linkspan.Error{Code: linkspan.Exists, Message: "there is a user " + u.Name, Hint: "linkspan user passwd and linkspan user grant change one"}
	}
	return err
}

// Get returns a user. The error is NotFound.
func (b *Book) Get(ctx context.Context, name string) (User, error) {
	u, _, err := b.get(ctx, name)
	return u, err
}

func (b *Book) get(ctx context.Context, name string) (u User, revision uint64, err error) {
	if linkspan.ValidateName("user", name) != nil {
		return u, 0, unknown(name)
	}
	e, err := b.store.Get(ctx, usersPrefix+name)
	if errors.Is(err, kv.ErrNotFound) {
		return u, 0, unknown(name)
	}
	if err != nil {
		return u, 0, err
	}
	if err := json.Unmarshal(e.Value, &u); err != nil {
		return u, 0, fmt.Errorf("read user %s: %w", name, err)
	}
	return u, e.Revision, nil
}

func unknown(name string) error {
	return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no user %.60q", name), Hint: "linkspan user ls shows those there are"}
}

// List returns all users, by name.
func (b *Book) List(ctx context.Context) ([]User, error) {
	entries, _, err := b.store.List(ctx, usersPrefix)
	if err != nil {
		return nil, err
	}
	users := make([]User, len(entries))
	for i, e := range entries {
		if err := json.Unmarshal(e.Value, &users[i]); err != nil {
			return nil, fmt.Errorf("read %s: %w", e.Key, err)
		}
	}
	return users, nil
}

// Remove removes a user. The error is NotFound; and InUse for the last administrator.
func (b *Book) Remove(ctx context.Context, name string) error {
	u, revision, err := b.get(ctx, name)
	if err != nil {
		return err
	}
	if err := b.notLast(ctx, u); err != nil {
		return err
	}
	key := usersPrefix + name
	_, err = b.store.Txn(ctx, kv.Txn{If: []kv.Cond{kv.RevisionIs(key, revision)}, Then: []kv.Op{kv.Delete(key)}})
	return changed(name, err)
}

// notLast refuses to take away the only administrator.
func (b *Book) notLast(ctx context.Context, u User) error {
	if u.Role != trust.RoleAdmin {
		return nil
	}
	users, err := b.List(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(users, func(o User) bool { return o.Name != u.Name && o.Role == trust.RoleAdmin }) {
		return &linkspan.Error{Code: linkspan.InUse, Message: u.Name + " is the last administrator", Hint: "make another one first: linkspan user create NAME --role admin"}
	}
	return nil
}

// SetPassword gives a user another password. Tokens that were issued stay good until they expire.
func (b *Book) SetPassword(ctx context.Context, name, secret string) error {
	hash, err := password.Hash(secret, b.random)
	if err != nil {
		return err
	}
	return b.change(ctx, name, func(u *User) error { u.Hash = hash; return nil })
}

// Grant adds to what a user may do. The first grant takes the place of what the role may
// on all repositories.
func (b *Book) Grant(ctx context.Context, name string, grants ...Grant) error {
	return b.change(ctx, name, func(u *User) error {
		for _, g := range grants {
			if len(both(g.Actions, actionsOf(u.Role))) < len(g.Actions) {
				return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("a %s may do no more than %v", u.Role, actionsOf(u.Role)), Hint: "make a user with another role"}
			}
			u.Grants = granted(u.Grants, g)
		}
		return u.Validate()
	})
}

// Revoke takes actions away from a user's grants. The error is NotFound if the user has
// none of them, and InUse for the last grant: without any, the role's would be back.
func (b *Book) Revoke(ctx context.Context, name string, grants ...Grant) error {
	return b.change(ctx, name, func(u *User) error {
		for _, g := range grants {
			left, found := revoked(u.Grants, g)
			if !found {
				return &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("%s has no grant %s", name, g), Hint: "linkspan user ls shows grants"}
			}
			u.Grants = left
		}
		if len(u.Grants) == 0 {
			return &linkspan.Error{Code: linkspan.InUse, Message: name + " would have no grant, and so all that the role may", Hint: "grant something else first, or linkspan user rm " + name}
		}
		return nil
	})
}

// change reads, changes and writes a user, again if somebody else did meanwhile.
func (b *Book) change(ctx context.Context, name string, how func(*User) error) error {
	const tries = 8
	var err error
	for range tries {
		u, revision, failed := b.get(ctx, name)
		if failed != nil {
			return failed
		}
		if failed := how(&u); failed != nil {
			return failed
		}
		u.Changed = b.now().UTC()
		if err = b.write(ctx, kv.RevisionIs(usersPrefix+name, revision), u); !errors.Is(err, kv.ErrConflict) {
			return err
		}
	}
	return changed(name, err)
}

func (b *Book) write(ctx context.Context, condition kv.Cond, u User) error {
	value, err := json.Marshal(u)
	if err != nil {
		return err
	}
	_, err = b.store.Txn(ctx, kv.Txn{If: []kv.Cond{condition}, Then: []kv.Op{kv.Put(usersPrefix+u.Name, value)}})
	return err
}

func changed(name string, err error) error {
	if errors.Is(err, kv.ErrConflict) {
		return &linkspan.Error{Code: linkspan.Conflict, Message: "user " + name + " was changed meanwhile", Hint: "try again"}
	}
	return err
}
