// SPDX-License-Identifier: Apache-2.0

// Command attach measures what a network costs a container, from the command
// line: docker run, start, rm, network connect and disconnect with networks of
// Linkspan, with Docker's own bridge, with a plugin that does as little as any
// can, and with none, in turn, on one dockerd. What is compared is the time with a
// network less the time with none. It needs root; see bench/README.md.
//
//	go run ./bench/attach -pairs 20
package main
