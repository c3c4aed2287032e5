// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/linkspan/linkspan/store/kv"
)

// coded turns an error of the client into one of the contract. What etcd means
// by an error that is not listed here, the caller cannot act on but by trying
// again, so that it becomes unavailable.
func (s *Store) coded(ctx context.Context, op, key string, err error) error {
	var coded *kv.Error
	switch {
	case err == nil || errors.As(err, &coded):
		return err
	case s.isClosed():
		return &kv.Error{Code: kv.Closed, Op: op, Key: key}
	case ctx.Err() != nil:
		return fmt.Errorf("%s %q: %w", op, key, ctx.Err())
	default:
		return &kv.Error{Code: codeOf(err), Op: op, Key: key, Err: err}
	}
}

func codeOf(err error) kv.Code {
	switch {
	case errors.Is(err, rpctypes.ErrCompacted):
		return kv.Compacted
	case errors.Is(err, rpctypes.ErrNoSpace):
		return kv.Full
	case errors.Is(err, rpctypes.ErrLeaseNotFound):
		return kv.NotFound
	case errors.Is(err, rpctypes.ErrRequestTooLarge), errors.Is(err, rpctypes.ErrTooManyOps):
		return kv.TooLarge
	case errors.Is(err, rpctypes.ErrAuthFailed), errors.Is(err, rpctypes.ErrPermissionDenied):
		return kv.Invalid
	default:
		return kv.Unavailable
	}
}
