// SPDX-License-Identifier: Apache-2.0

// Package stand is what is measured on real hosts stands on: a lab of its own
// with dockerd and Open vSwitch on each host, Docker's command line, and ways
// into the namespaces. It measures nothing. It needs root.
//
//	s, err := stand.Up(ctx, stand.Config{Linkspan: "bin/linkspan", Hosts: 2})
//	...
//	defer s.Close(ctx)
//	took, err := s.Docker(ctx, "h1", "run", "--rm", "busybox", "true")
package stand
