// SPDX-License-Identifier: Apache-2.0

// Package page serves the page of metrics where a configuration says so, as a part of a
// host that stands behind the one that gives addresses. What is on the page it does not know.
//
//	part := page.New(page.Options{Handler: metrics})
//	defer part.Close()
//	host := apply.Of(apply.Part{Name: "metrics", Host: part})
package page
