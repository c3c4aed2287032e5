// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// PutClearance stores that traffic between two sites may go in clear text. It
// says whether that is new; one that is stored already stays as it is.
func (s *Store) PutClearance(ctx context.Context, c linkspan.Clearance) (created bool, err error) {
	if err := c.Validate(); err != nil {
		return false, err
	}
	c.Granted = s.now().UTC()
	err = retry(ctx, "allow clear text", func() error {
		_, _, err := get[linkspan.Clearance](ctx, s, clearanceKey(c.A, c.B), "clearance")
		if created = linkspan.CodeOf(err) == linkspan.NotFound; !created {
			return err
		}
		_, err = s.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{kv.Absent(clearanceKey(c.A, c.B))},
			Then: []kv.Op{put(clearanceKey(c.A, c.B), c)},
		})
		return err
	})
	return created, fault("allow clear text", err)
}

// RemoveClearance removes it; it says whether there was one.
func (s *Store) RemoveClearance(ctx context.Context, a, b string) (removed bool, err error) {
	key := clearanceKey(min(a, b), max(a, b))
	_, _, err = get[linkspan.Clearance](ctx, s, key, "clearance")
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return false, nil
	}
	if err == nil {
		_, err = s.kv.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete(key)}})
	}
	return err == nil, fault("forbid clear text", err)
}

// Clearances returns all of them, by the names of the sites.
func (s *Store) Clearances(ctx context.Context) ([]linkspan.Clearance, error) {
	return list[linkspan.Clearance](ctx, s, clearancesPrefix)
}
