// SPDX-License-Identifier: Apache-2.0

// Package dockerargs reads what people are used to type after docker network:
// filters, and the subnets with what lies in them, and refuses in Docker's words
// what Docker refuses. It does no I/O.
//
// What it is not: it knows no command and no network but by what a filter asks.
//
//	filters, err := dockerargs.ParseFilters([]string{"driver=bridge"}, "driver", "name")
//	if filters.Match(dockerargs.Network{Name: "web", Driver: "bridge"}) { ... }
package dockerargs
