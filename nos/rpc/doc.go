// SPDX-License-Identifier: Apache-2.0

// Package rpc is the server side of the API of one switch's configuration and operation:
// ConfigService and OperateService. Shells, the command line and programs are all its clients, so
// that what can be done by one can be done by the others, with the same result.
//
// Who calls is known from the connection ([WithCaller]); what each role may call is one
// table (allowed.go), what it may change is asked of its [access.User], and what was called is told to an [Auditor].
// Nothing of the configuration is decided here: that is package config.
//
//	s := rpc.New(rpc.Options{Manager: m, Shows: catalogue, Again: guard.Again, Audit: log})
//	s.Mount(mux)
package rpc
