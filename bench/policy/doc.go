// SPDX-License-Identifier: Apache-2.0

// Command policy measures what many policies cost: how long a decision takes and what
// memory is needed, and how long one change takes from the request until every switch
// has the flows that it must have. The controller is a real process; hosts are
// simulated (package fleet), with flows of thousands of conversations. Of each change
// every FlowMod is looked at: one that touches the flow of a conversation of which the
// policy does not speak, and a flow that is left without being allowed, end the run
// with exit status 1.
//
//	go run ./bench/policy -hosts 20 -changes 5
//
// It needs a built linkspan, speaks on loopback only, and writes policy.md and
// policy.json to bench/results; see bench/README.md.
package main
