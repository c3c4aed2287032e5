// SPDX-License-Identifier: Apache-2.0

// Package oci has the conformance suite of the OCI distribution specification, and oras,
// ask a running registry. A module of its own, so that what is shipped requires neither.
package oci
