// SPDX-License-Identifier: Apache-2.0

// Package fleet simulates many hosts in one process. Each joins a controller as
// a real one does: with a token of its own, a certificate, and one mutually
// authenticated connection, for the API, for the stream of what it must know, and
// for the OpenFlow channel of its bridge. The bridge keeps its flows and meters
// as Open vSwitch does and tells the truth about them; the host knows the endpoints
// of overlay networks that it was told of. Packets and kernels do not exist, and
// nothing is measured here but what arrives.
//
//	f := fleet.New(fleet.Config{Socket: socket, API: "127.0.0.1:7443", Dir: dir})
//	...
//	defer f.Close()
//	err := f.Join(ctx, 1000)
//	err = f.Attach(ctx, plan)
//	f.Hosts[0].Attach(ctx, endpoint)
package fleet
