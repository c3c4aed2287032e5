// SPDX-License-Identifier: Apache-2.0

// Package tool runs the programs that people try a network with, within bounds: ping,
// traceroute and tcpdump, as Debian has them. What is asked is checked, words are
// never read by a command interpreter or taken for options, and each has an end of its
// own: a number of packets, of lines and a time.
//
// It is not a way to run any other program.
//
//	c, err := tool.Ping{Host: "192.0.2.1", Count: 3}.Command()
//	err = tool.Run(ctx, c, func(line string) error { fmt.Println(line); return nil })
package tool
