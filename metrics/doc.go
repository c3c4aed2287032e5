// SPDX-License-Identifier: Apache-2.0

// Package metrics names what the planes count, and shows it: the Prometheus
// metrics of both roles, and a page with them beside the answers to "alive?"
// and "ready?". It counts next to nothing itself, and nothing in the planes
// knows of it: they have counters of their own, or call a function with what a
// call took.
//
//	page := metrics.NewPage("1.0.0")
//	page.Register(metrics.Controller{Hub: hub, Revision: revision})
//	page.Expect("controller").Is(checks)
//	http.Serve(loopback, page)
//
// Nothing is registered globally. docs/guide/observe.md has the table of all
// metrics; a test keeps it true.
package metrics
