// SPDX-License-Identifier: Apache-2.0

// Package mirror keeps dockerd's networks equal to the fabric's: what the
// fabric has appears in docker network ls, what was made by docker network
// create is brought into the fabric or removed with an event that says why,
// and a docker network rm of a network that the fabric still has is undone.
// It also learns the names, aliases and labels of containers, and of networks of
// this host alone, which dockerd never tells a driver.
//
// There is one reconcile step and one goroutine that runs it. It looks at the
// fabric, at dockerd and at the host's own records, plans (a pure function),
// and acts; it is woken by changes of any of the three, and every 30 seconds.
// A dockerd or a controller that is away is waited for. While the fabric is
// not connected nothing is touched.
//
// On a host without Docker only the last part is left: what the fabric has of
// this host and the host does not is taken away, and the other way round.
//
// It never runs inside a plugin call, which would deadlock dockerd, and it
// keeps no record but a note of which networks were here before. A network that
// it makes is bound at once and bears its number in the label [LabelNetwork],
// for a mirror that was interrupted in between; the options are those that were
// typed where the network was made, as tools compare them with their own files.
//
//	m, err := mirror.New(ctx, mirror.Config{
//		Host: "h1", Docker: mirror.NewEngine(""), Fabric: fabric, Model: controller, Store: local, Log: log,
//	})
//	go m.Run(ctx)
package mirror
