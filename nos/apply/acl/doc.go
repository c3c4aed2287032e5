// SPDX-License-Identifier: Apache-2.0

// Package acl applies the access lists of VLANs' interfaces, to what is routed, and
// keeps the host's own stack from what enters ports of the bridge: one table of nftables, replaced
// in one transaction. It is a part of a host and stands behind the one that makes the interfaces.
// Access lists of ports are flows, and not here.
//
// A list looks at each packet alone and remembers nothing: answers need a rule of their own. A rule
// with ports does not match the later fragments of a packet, which do not have them.
//
//	host := apply.Of(apply.Part{Name: "access lists", Host: acl.New(acl.Options{})})
package acl
