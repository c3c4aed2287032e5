// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// Dump repeats list while the kernel says that what it listed changed under
// it (NLM_F_DUMP_INTR), which on a busy host is often.
func Dump[T any](ctx context.Context, list func() ([]T, error)) ([]T, error) {
	const attempts = 30
	var err error
	for range attempts {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var items []T
		items, err = list()
		if !errors.Is(err, netlink.ErrDumpInterrupted) {
			return items, err
		}
	}
	return nil, fmt.Errorf("netlink list in %d attempts: %w", attempts, err)
}
