// SPDX-License-Identifier: Apache-2.0

// Package swarm keeps the books that the manager of a Docker swarm leaves to a
// driver whose networks are those of the whole swarm: which subnets its networks
// have, and which addresses it has promised to tasks before any host has them.
//
// A manager asks for a pool, for the network's own address, and then tells of the
// network; later it asks for an address for each task and each service. The host
// that gets a task asks for that very address again, from the fabric, where it
// becomes an endpoint (package cnm). So the books of a manager are a promise, and
// the fabric decides: an address that something outside of the swarm has taken
// is refused there, and the manager promises the task's successor another one.
//
// Another manager that takes over asks for everything anew, and so does one that
// starts again: a network that is told of again has what was asked for last. What
// was never told of is forgotten a minute later.
//
// A network that the swarm removes is taken out of the fabric once no host has a
// container in it any more.
//
// What it is not: it makes no network (the first host that gets a task does),
// and it serves no protocol (package cnm/docker does).
//
//	books, err := swarm.New(ctx, swarm.Config{
//		Store: local, Fabric: fabric, Of: mirror.SwarmID, Check: driver.Check, Lives: dockerd.Has, Log: log,
//	})
//	if err != nil {
//		return err
//	}
//	go books.Run(ctx)
package swarm
