// SPDX-License-Identifier: Apache-2.0

// Package inventory keeps the controller's records of this host's own networks
// true: those that no other host has, of drivers bridge, macvlan, null, host and
// other people's plugins, and who is in them.
//
// It takes both from the host's model, where package mirror has entered the names
// that dockerd has, and tells what differs from what the controller has: all of
// it is compared when the connection comes, and from time to time; in between each
// change is told, those of one moment together. Nobody waits for it: while the
// controller is away networks and containers come and go, and it tells afterwards.
//
// What was told bears a revision, and each change names the one it was made from.
// A call that comes late or twice is therefore refused, and after a refusal, or a
// call without an answer, all is compared again, and a change made, if of nothing,
// so that what is still on its way comes too late. So the records are true in the
// end whatever was lost, on either side.
//
// It decides nothing, and keeps nothing: what the controller does not know is in
// the model.
//
//	i, err := inventory.New(inventory.Config{
//		Chassis: 3, Model: model, Fabric: fabric, Registry: inventory.NewRemote(c.Locals), Of: []string{"linkspan", "overlay"}, Log: log,
//	})
//	go i.Run(ctx)
package inventory
