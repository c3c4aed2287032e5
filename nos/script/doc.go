// SPDX-License-Identifier: Apache-2.0

// Package script carries behavior scripts out on a switch. It accepts one only if enough keys that
// the fleet trusts have signed it, it is for this switch, newer than every one accepted before and
// not expired; it says beforehand what would change; and it changes all of it or nothing,
// whatever happens: after the process is killed or the power is lost at any moment, the switch is
// wholly what the old script says or wholly what the new one says.
//
// What is on disk is one state, replaced as a whole, and the signed statements that it names
// (store.go). The number of a script is on disk before anything is done about it. The decision to
// keep a script is one write: before it the switch goes back, after it the switch goes on.
//
// The package fetches no images and starts no containers: what does is behind [Puller],
// [Composer], [Configurer] and [Gates].
//
//	v, err := script.Open(script.Options{Disk: disk, Switch: "sw1", First: root, Log: audit})
//	u := script.NewUpdater(v, script.Host{Puller: p, Composer: c, Configurer: m, Gates: g}, key)
//	again, err := u.Recover(ctx) // once, at the start
//	receipt, err := u.Deliver(ctx, script.Delivery{Envelope: text, Way: "stream"})
package script
