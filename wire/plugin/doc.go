// SPDX-License-Identifier: Apache-2.0

// Package plugin is Docker's plugin protocol, version 1, for network and IPAM
// drivers: the bodies of its calls as Go structs, and their decoding. A call is
// an HTTP POST of a JSON object to /Interface.Method on a socket that Docker
// finds by the plugin's name.
//
// Decoding is strict about what an operation cannot do without and lenient
// about the rest, as Docker's versions differ: what is absent, null or empty
// is the same, and unknown fields are passed over. An empty body is an error:
// Docker sends one when it repeats a call after a lost connection, and a plugin
// that answers it has confirmed what it never saw.
//
// What it is not: no server and no client; and it does not know what a driver
// does with a call.
//
//	var req plugin.JoinRequest
//	if err := plugin.Decode(r.Body, &req); err != nil {
//		return http.StatusBadRequest
//	}
package plugin
