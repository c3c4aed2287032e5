// SPDX-License-Identifier: Apache-2.0

// Package server is the registry as clients of the OCI distribution specification 1.1
// see it. The distribution project's registry stores images and answers for them; this
// package stands in front of it: it knows who asks and asks what that one may do, keeps and
// answers the referrers of a manifest, refuses pushes before the disk is full, keeps
// clients out that come from other subnets, and has the garbage collector wait for its
// moment.
//
// It decides nothing about users (package account) and tokens (package token), and lists
// no images (package catalog).
//
//	s, err := server.New(server.Config{Dir: dir, Users: book, Tokens: issuer, Store: store, Log: log})
//	mux.Handle("/v2/", s)
//	mux.Handle("GET /token", s.Tokens())
//	listener = s.Guard(listener, subnets)
package server
