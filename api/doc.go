// SPDX-License-Identifier: Apache-2.0

// Package api is the only way in for the command line, the page and the
// switches: the schema (proto/), its generated Go (v1, v1/apiv1connect), the
// conversions between its messages and the words, the mapping of coded errors
// to RPC codes, and the clients. It decides nothing and stores nothing.
//
//	c := api.Unix("/run/linkspan/linkspan.sock")
//	r, err := c.Networks.List(ctx, connect.NewRequest(&apiv1.NetworkServiceListRequest{}))
//
// The same schema is served as gRPC, gRPC-Web and JSON over HTTP; see
// connectrpc.com/docs/protocol.
package api
