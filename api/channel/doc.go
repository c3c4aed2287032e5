// SPDX-License-Identifier: Apache-2.0

// Package channel carries a bridge's OpenFlow bytes inside the one mutually
// authenticated connection that a switch keeps to its controller. A channel is
// asked for with a request of HTTP/2, but its bytes go beside HTTP/2 and not
// through it: below both, inside TLS, is a thin layer of frames. A first packet waits for these bytes while everything sleeps, and HTTP/2
// would wake several goroutines for them on either side.
//
// The layer is agreed on by ALPN (RFC 7301) as [Protocol]. A frame is, big-endian,
//
//	16 bits  whose: 0 is HTTP/2, 1 to 32767 a channel; the top bit is set in a grant
//	16 bits  how many bytes follow
//
// and a grant's four bytes say how many more bytes the other side may send on the
// channel; without any it says that the channel is closed. A channel begins with
// a grant of 256 KiB that is not sent. HTTP/2 has its own windows. The client
// chooses a channel's number and says it in its request.
//
// The package knows nothing of OpenFlow and authenticates nobody; the connection
// has done that.
//
//	client := &http.Client{Transport: channel.Transport(dial, config)} // on the switch
//	conn, err := channel.Dial(ctx, client, channel.Base)
//
//	parts := channel.NewListener(listener.Addr()) // on the controller
//	parts.Take(server)                            // whose TLS offers channel.Protocol
//	mux.Handle(channel.Path, channel.Handler(func(ctx context.Context, conn *channel.Conn) { ... }))
//	go (&http.Server{Handler: channel.Secured(mux), ConnContext: channel.ConnContext, ...}).Serve(parts)
package channel
