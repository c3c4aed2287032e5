// SPDX-License-Identifier: Apache-2.0

// Package catalog is the images that a registry has, as people see them: with their
// labels, sizes, manifests and changelogs. It reads and removes what the distribution
// project's registry stores in a folder, beside that registry, and it is the registry's
// garbage collector.
//
// It does not know who asks, and does not keep others from writing while it collects:
// that is package server.
//
//	c, err := catalog.Open(ctx, "/var/lib/linkspan/registry/images")
//	images, err := c.List(ctx, "base/**")
//	report, err := c.Collect(ctx, catalog.Collection{Grace: time.Hour, Progress: show})
package catalog
