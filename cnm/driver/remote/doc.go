// SPDX-License-Identifier: Apache-2.0

// Package remote is the network driver whose work anybody's plugin does: it
// speaks Docker's plugin protocol to it, as Docker does. Options are the
// plugin's matter and are passed on as they are.
//
// A plugin need not take a repeated call well. The driver knows what the plugin
// has done and does not repeat it; what a crash left unknown is taken back
// before it is done again. What a plugin refuses to remove is taken for removed,
// as Docker does; one that cannot be reached is asked again later.
//
// What it is not: the plugin's addresses are package cnm/ipam/remote's.
//
//	p := plug.New(plug.Options{Name: "weave"})
//	drivers := map[string]cnm.Driver{"weave": remote.New(remote.Options{Plugin: p})}
package remote
