// SPDX-License-Identifier: Apache-2.0

package inventory

import "context"

// Settle waits until the controller was told of all that there was when it was called, or
// telling it failed, or ctx ends.
func (i *Inventory) Settle(ctx context.Context) {
	told := make(chan struct{})
	select {
	case i.asked <- told:
	case <-ctx.Done():
		return
	}
	select {
	case <-told:
	case <-ctx.Done():
	}
}

// answer tells who asked that all was told, or that it failed.
func (i *Inventory) answer() {
	for _, told := range i.waiting {
		close(told)
	}
	i.waiting = nil
}
