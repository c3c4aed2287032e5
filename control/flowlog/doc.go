// SPDX-License-Identifier: Apache-2.0

// Package flowlog writes down who talked to whom, how much, and who was not let:
// a line of JSON for each route that ended, for each denial, and for what policies that
// ask for it let through. It hears of
// them from a watcher of the sessions, which waits for nobody: when events come
// faster than they can be written the oldest are lost, and counted. It writes
// nothing of what was said.
//
//	file, err := flowlog.Open("/var/log/linkspan/flows.json")
//	log := flowlog.New(flowlog.Config{Hub: hub, Out: file, Log: logger})
//	err = log.Run(ctx)
//
// The two directions of a route end each on its own, moments apart; they are
// put together in one line.
package flowlog
