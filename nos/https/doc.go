// SPDX-License-Identifier: Apache-2.0

// Package https serves the API of a switch on the network (RFC 9110, RFC 8446): to users of the
// configuration by their passwords (Basic, RFC 7617), and to users of the fabric by
// certificates of its CA. It knows who calls and passes it on; who may do what is decided
// behind it, as for all who come by other ways.
//
// A password is compared once for each connection. Clients know the switch by its key, which
// stays ([Key]), and not by a name: its certificate is signed by itself.
//
//	key, err := https.Key("/var/lib/linkspan/switch/api.pem")
//	s := https.New(https.Options{Key: key, Guard: guard, Handler: services, Audit: log})
//	err = s.Serve(ctx, listener)
package https
