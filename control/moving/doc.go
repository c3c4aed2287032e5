// SPDX-License-Identifier: Apache-2.0

// Package moving is the controller's part of moving containers: the order of the
// steps, the record of each move in the store, and the hand-over of images between
// two hosts that reach only the controller. What a step does on a host is the
// host's matter (package cnm/moving).
//
// A record is written before what it tells of is asked for, so that whatever ends
// in the middle, the next who reads it can finish the move or undo it:
//
//	carrying   the image goes over, the container is made: nothing was stopped
//	stopping   the old one is being stopped; the new one was never started
//	starting   the new one may run: who is in doubt looks, and finishes if it does
//	removing   the new one runs, the old one goes
//	undoing    the new one goes, then the old one runs again
//
// At no step may both run: the new one is started after the old one was seen to
// stop, and the old one again only after the new one is gone, or if it was never to
// be started. It keeps no image: a piece is taken from one host when the other has
// taken the one before.
//
//	m := moving.New(moving.Config{Store: st, Log: log, ...})
//	go m.Run(ctx)
//	d, err := m.Begin(ctx, moving.Target{From: h1, To: h2, Container: "c1", ...})
package moving
