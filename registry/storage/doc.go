// SPDX-License-Identifier: Apache-2.0

// Package storage is where a registry's bytes are: the distribution project's driver for
// a folder, but for one thing. What is uploaded is synced once, when it is whole, and not at
// each step on the way: no upload outlives the process, whose clients begin it again. Links,
// tags and manifests are synced as ever, so that a small layer costs half the syncs.
//
//	storage.Register()
//	driver := storage.New("/var/lib/linkspan/registry/images")
package storage
