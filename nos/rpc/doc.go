// SPDX-License-Identifier: Apache-2.0

// Package rpc is the server side of the API of one switch's configuration and operation:
// ConfigService and OperateService. Shells, the command line and programs are all its clients, so
// that what can be done by one can be done by the others, with the same result.
//
// Who calls is known from the connection ([WithCaller]); what each role may call is one
// table ([Allowed]), what it may change is asked of [Rules], and what was called is told to an [Auditor].
// Nothing of the configuration is decided here: that is package config.
//
//	s := rpc.New(rpc.Options{Manager: m, Shows: catalogue, Rules: rules, Audit: log})
//	s.Mount(mux)
package rpc
