// SPDX-License-Identifier: Apache-2.0

// Package test holds the end-to-end tests: the real binary on hosts with their
// own dockerd and Open vSwitch, used as a person uses it, through docker and the
// command line. It has no code of its own; it is not the place for what a
// package's own tests can show. The stories that README, guide and demo tell are
// run by test/story.
//
//	make e2e
//
// LINKSPAN_E2E_DOCKERD names another dockerd for all of it, as `make dockerd-29`
// builds it.
//
// Most tests share one lab of two hosts. A test that breaks something for good
// makes a lab of its own, which takes a second. Every test leaves the shared lab
// as it found it.
package test
