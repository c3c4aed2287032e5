// SPDX-License-Identifier: Apache-2.0

package store

import (
	"context"
	"reflect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// UpdatePaths changes the direct paths that a chassis has proved; change must
// not touch whose they are and may be called several times. It returns what was
// and what is. A chassis that does not exist has code NotFound.
func (s *Store) UpdatePaths(ctx context.Context, id linkspan.ChassisID, change func(linkspan.Paths) linkspan.Paths) (old, now linkspan.Paths, err error) {
	err = retry(ctx, "update paths", func() error {
		_, chassis, err := get[linkspan.Chassis](ctx, s, chassisKey(id), chassisWord(id))
		if err != nil {
			return err
		}
		cond := kv.Absent(pathsKey(id))
		stored, revision, err := get[linkspan.Paths](ctx, s, pathsKey(id), "paths of "+chassisWord(id))
		switch {
		case err == nil:
			cond = kv.RevisionIs(pathsKey(id), revision)
		case linkspan.CodeOf(err) != linkspan.NotFound:
			return err
		}
		stored.From = id
		old, now = stored, change(stored)
		if reflect.DeepEqual(old, now) {
			return nil
		}
		_, err = s.kv.Txn(ctx, kv.Txn{
			If:   []kv.Cond{kv.RevisionIs(chassisKey(id), chassis), cond},
			Then: []kv.Op{put(pathsKey(id), now)},
		})
		return err
	})
	return old, now, fault("update paths", err)
}
