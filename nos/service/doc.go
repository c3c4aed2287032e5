// SPDX-License-Identifier: Apache-2.0

// Package service runs services in containers of this switch's Docker, as composites (ADR 0034): a sandbox,
// which holds a network namespace with its interfaces, members, whose containers share that namespace, and
// one call interface before them, package gateway. It also opens terminals in them.
//
//	m, err := service.Open(service.Options{Docker: "unix:///run/docker.sock", Disk: disk, Run: "/run/linkspan/composites", ...})
//	go m.Run(ctx)
//	err = m.Apply(ctx, service.Set{Composites: composites}, nil)
//
// # How it works
//
// What is to run is one record on disk: composites, with a number for each container, its generation. A
// container carries its generation as a label. [Manager.Run] compares the record with what Docker has,
// and makes one be as the other: after any crash the same loop finds what there is. Nothing else
// is remembered. Docker restarts none of these containers: a sandbox that ended would come back
// with another namespace than the one that its members are in, so all of them are made anew.
//
// # A change
//
// A set of composites takes the place of another one in four steps, each of which is in the record before
// it is done: Prepare makes containers that do not run, Switch starts them in place of those before, which
// are stopped and kept, Commit removes these; Return, instead, starts them again. The process that
// does it may end at any moment: what is to run follows from the record alone.
//
// It pulls no images, and knows no script: whoever does, calls these four.
package service
