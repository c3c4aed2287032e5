// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/shape"
)

// Kernel is the links of the process's network namespace.
type Kernel struct{}

var _ Links = Kernel{}

// Create makes a veth.
func (Kernel) Create(ctx context.Context, v netns.Veth) error { return netns.CreateVeth(ctx, v) }

// Limit makes a veth with limits.
func (Kernel) Limit(ctx context.Context, v netns.Veth, l linkspan.Limits) error {
	return shape.Create(ctx, v, l)
}

// Mend sets limits again.
func (Kernel) Mend(ctx context.Context, limits map[string]linkspan.Limits) ([]string, error) {
	return shape.Mend(ctx, limits)
}

// Delete deletes a link.
func (Kernel) Delete(ctx context.Context, name string) error { return netns.DeleteVeth(ctx, name) }

// List lists links by the beginning of their names.
func (Kernel) List(ctx context.Context, prefix string) ([]netns.Link, error) {
	return netns.List(ctx, prefix)
}
