// SPDX-License-Identifier: Apache-2.0

// Package lab makes several Docker hosts on one machine, to try things on and
// for the end-to-end tests: each host is a set of namespaces with its own
// dockerd, its own Open vSwitch and `linkspan serve switch`, a controller runs
// in namespaces of its own, and a Linux bridge in yet another network namespace
// is the underlay between them. The programs are the real ones. It is not a
// way to run containers for a purpose, and no part of a real installation
// uses it.
//
//	l, err := lab.Up(ctx, lab.Config{Hosts: 2})
//	...
//	out, err := l.Command("h1", "docker", "run", "--rm", "busybox", "hostname").Output()
//	...
//	err = l.Down(ctx)
//
// Nothing of a lab exists outside of its namespaces but the folder
// StateDir/Name and the control groups of its containers. Every process of a
// node lives in one PID namespace, so that ending its first process ends all of
// them, and with them go mounts, links and network namespaces. That is how Down
// leaves nothing behind whatever has crashed before, and how PowerOff is a power
// cut. Mount points that the machine did not have (such as /var/lib/docker) are
// made, and go with the last lab.
//
// The program that calls Up must run RunHost when it is started with the
// arguments "lab-host FILE": every node's first process is that.
package lab
