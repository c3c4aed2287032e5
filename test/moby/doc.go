// SPDX-License-Identifier: Apache-2.0

// Package moby lets Docker's own code ask our plugin server, without a dockerd:
// the proxies of daemon/libnetwork/drivers/remote and ipams/remote, found,
// activated and registered as dockerd does it, in milliseconds. The types of
// the driver interfaces are Docker's, so that a change of theirs breaks the
// build here and not a user's host.
//
// It is a module of its own: what it needs of Docker is not in the go.mod of
// what is shipped. What libnetwork decides before it calls a proxy (gateways,
// namespaces, what is stored) is not driven here; a dockerd in cnm/docker and
// test does that.
//
//	cd test/moby && go test ./...
package moby
