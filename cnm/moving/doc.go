// SPDX-License-Identifier: Apache-2.0

// Package moving is a host's part of moving containers: it tells what a container
// is and what keeps it here, makes one anew from what another host told, and gives
// and takes images. The controller asks for each step (package control/moving);
// what a step may do is decided here, by what this host allows, and by a journal:
// only what was made or stopped for a move is started or removed for it.
//
// A container's configuration is carried as the JSON that dockerd shows of it, so
// that fields which this program does not know are not lost, and what dockerd made
// of it is compared with what it was given, field by field.
//
// It knows no order of steps, moves no volumes, and has nothing to do with packets.
//
//	h, err := moving.New(moving.Config{Host: "h2", Allow: moving.Confined, Docker: engine, Store: local, ...})
//	go h.Run(ctx)
package moving
