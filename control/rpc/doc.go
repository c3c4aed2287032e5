// SPDX-License-Identifier: Apache-2.0

// Package rpc is the controller's side of the API: it knows who calls, asks
// package trust whether they may, turns messages into words and calls the store
// and the sessions. It decides nothing about packets.
//
//	s := rpc.New(rpc.Config{Store: st, CA: ca, ...})
//	http.Serve(listener, s.Remote()) // callers with certificates
//	http.Serve(socket, s.Local())    // whoever may open the local socket
package rpc
