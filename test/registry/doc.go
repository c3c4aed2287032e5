// SPDX-License-Identifier: Apache-2.0

// Package registry tests linkspan serve registry with the clients that people use: docker,
// skopeo, and this program; and by what happens to it: kill -9 in the middle of a push, a
// full disk, strangers. The OCI conformance suite and oras are in test/oci.
package registry
