// SPDX-License-Identifier: Apache-2.0

// Package controltest has simulated switches to test a controller on: they
// speak OpenFlow 1.3 over a connection in memory, keep flow tables, and take
// packets through them as Open vSwitch would, for the matches and actions that
// the controller uses. A message that they do not know they refuse. They are
// for tests only, and no measure of speed.
//
//	s := controltest.NewSwitch(linkspan.ChassisID(1).DPID())
//	near, far := controltest.Pipe()
//	go s.Serve(near)
//	go hub.Accept(ctx, far, control.Peer{Chassis: 1})
//	s.Output = func(port uint32, frame []byte) { ... }
//	s.Inject(11, frame)
//
// Timeouts are kept by the clock of package time, so that testing/synctest
// makes them pass at once.
package controltest
