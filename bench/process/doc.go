// SPDX-License-Identifier: Apache-2.0

// Package process runs the programs that are measured: it starts one, says how
// much CPU time and memory it has used (proc(5)), and ends it. A program does
// not outlive the benchmark. It judges nothing.
//
//	p, err := process.Start(process.Command{Path: "/usr/bin/ovs-testcontroller", Args: args, Log: file})
//	...
//	defer p.Stop()
//	used, err := p.CPU()
package process
