// SPDX-License-Identifier: Apache-2.0

// Package rpc is the server side of a registry's own API: RegistryService, and
// EventService for what happened to it. Who calls is known from the request (a name and
// password, or a certificate) or is whoever can open the local socket; what each may
// call is the table of package trust, and on which repositories, the caller's grants.
//
//	s := rpc.New(rpc.Config{Registry: registry, Catalog: images, Users: book, Log: log})
//	mux.Handle("/linkspan.v1.", s.Remote())  // at the port where images are pulled
//	local.Handle("/", s.Local())             // on the local socket
package rpc
