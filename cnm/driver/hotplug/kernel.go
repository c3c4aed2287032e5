// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"context"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Kernel is the links of the process's network namespace.
type Kernel struct{}

var _ Links = Kernel{}

// Create makes a veth.
func (Kernel) Create(ctx context.Context, v netns.Veth) error { return netns.CreateVeth(ctx, v) }

// Delete deletes a link.
func (Kernel) Delete(ctx context.Context, name string) error { return netns.DeleteVeth(ctx, name) }

// List lists links by the beginning of their names.
func (Kernel) List(ctx context.Context, prefix string) ([]netns.Link, error) {
	return netns.List(ctx, prefix)
}
