// SPDX-License-Identifier: Apache-2.0

// Package apply makes one [config.Host] of several: each part applies what it knows of
// a configuration (the system's files, the bridge, the kernel's addresses and routes, flows) and ignores
// the rest. Parts are applied in order and undone in the reverse order, so that what a later one
// stands on is there.
//
// It knows no word of a configuration itself: the parts are packages below it and beside it.
//
//	host := apply.Of(
//		apply.Part{Name: "system", Host: system}, apply.Part{Name: "bridge", Host: bridge},
//		apply.Part{Name: "addresses", Host: addresses},
//	)
//	m, err := config.Open(config.Options{Host: host, ...})
package apply
