// SPDX-License-Identifier: Apache-2.0

// Package channel carries a bridge's OpenFlow bytes inside the one mutually
// authenticated connection that a switch keeps to its controller: a full-duplex
// HTTP/2 request (RFC 9113, 8.1) whose request body flows from the bridge to
// the controller and whose response body flows back. It knows nothing of
// OpenFlow and authenticates nobody; the connection has done that.
//
//	conn, err := channel.Dial(ctx, client, "https://198.51.100.7:7443") // on the switch
//	mux.Handle(channel.Path, channel.Handler(func(ctx context.Context, conn *channel.Conn) { ... }))
package channel
