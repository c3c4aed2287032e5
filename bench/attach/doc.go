// SPDX-License-Identifier: Apache-2.0

// Command attach measures what a network costs a container, from the command
// line: docker run, start, rm, network connect and disconnect with a network of
// Linkspan, with Docker's own bridge and with none, in turn, on one dockerd.
// What is compared is the time with a network less the time with none. It needs
// root; see bench/README.md.
//
//	go run ./bench/attach -pairs 20
package main
