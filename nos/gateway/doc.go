// SPDX-License-Identifier: Apache-2.0

// Package gateway is the call interface of composites: one HTTP interface before
// all services of a composite (ADR 0034). It knows who calls by the listener that the call
// came in at, asks whether he may, and passes the call on: to the socket of a member, to
// a command in a member's container, or to a function of this process.
//
//	GET  /v1/services         what there is, as far as the caller may call it
//	     /v1/SERVICE/CALL     a call; what does not change anything is GET, with arguments in the query; else POST, in JSON
//	POST /v1/call             {"service": "routing", "call": "neighbors", "arguments": {}}
//	GET  /v1/events           what happens, as server-sent events; POST tells the others something
//	GET  /openapi.json        all calls, as OpenAPI 3.1
//	GET  /healthz             200 while all members are healthy, else 503
//
// It knows no Docker: commands are run by an [Executor], and a member is a folder with sockets,
// a [Backend].
//
//	g := gateway.New(gateway.Options{Composite: "edge", Exec: exec})
//	g.Set(gateway.Table{Services: services})
//	http.Serve(listener, g.For(gateway.Caller{Name: "dns", May: []string{"routing/neighbors"}}))
//
// # Members that are replaced
//
// Nothing that has not reached a member is lost with it: who cannot be reached is tried again, at
// its place in the table as it is then, for some seconds. What has reached it is waited
// for by [Backend.Drain], after which no call uses the Backend any more.
package gateway
