// SPDX-License-Identifier: Apache-2.0

// Package system applies what a configuration says of the switch itself: its name, time
// zone, banner, name servers, time servers and logging. It is a part of a host, and
// writes files of /etc below a root that may be elsewhere, as in a lab, where /etc is
// the machine's.
//
// What is not configured is the host's own: it is not touched, and when it was
// configured once, it is again as it was before. It knows nothing of users, of addresses, and of who
// serves what.
//
//	part, err := system.New(system.Options{Root: "/", Keep: "/var/lib/linkspan/switch/system.json", Logging: logs})
//	host := apply.Of(apply.Part{Name: "system", Host: part})
package system
