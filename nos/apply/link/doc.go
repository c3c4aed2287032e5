// SPDX-License-Identifier: Apache-2.0

// Package link applies what a configuration says of the kernel's network: devices up or
// down and their MTU, addresses of interfaces and of interfaces of VLANs, static routes. It is
// three parts of a host, as addresses go before the bridge takes their device away, and come when it has
// made one: [Links.Leaving] stands before the bridge, [Links.Coming] behind it, and [Links.Telling]
// behind the flows, when neighbours can hear it.
//
// What it did not make it does not take away: addresses that somebody else gave to a device stay,
// and are told as drift; routes of its own bear [Protocol]. It makes no devices, and knows
// nothing of Open vSwitch.
//
// A static route is in the kernel while its router can be reached by an interface that is up. [Links.Run]
// takes it out and puts it back, so that one with a greater distance takes its place.
//
//	links, err := link.New(link.Options{File: "/var/lib/linkspan/switch/links.json"})
//	host := apply.Of(
//		apply.Part{Name: "addresses", Host: links.Leaving()},
//		apply.Part{Name: "bridge", Host: bridge},
//		apply.Part{Name: "addresses", Host: links.Coming()},
//		apply.Part{Name: "forward", Host: flows},
//		apply.Part{Name: "addresses", Host: links.Telling()},
//	)
//	go links.Run(ctx)
package link
