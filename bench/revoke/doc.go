// SPDX-License-Identifier: Apache-2.0

// Command revoke measures how fast it takes effect that two may not talk any more: in a
// lab of two hosts a TCP stream runs between two containers; a policy, a link or a
// group takes away what it runs by; and it is noted how long after the request the last
// byte arrives, and when no flow and no entry of connection tracking is left of it on
// either host. A stream that goes on ends the run with exit status 1. It needs root, a
// built linkspan, Docker and Open vSwitch.
//
//	go run ./bench/revoke -times 5
//
// It writes revoke.md and revoke.json to bench/results; see bench/README.md.
package main
