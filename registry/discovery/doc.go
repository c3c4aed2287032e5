// SPDX-License-Identifier: Apache-2.0

// Package discovery announces a registry on its subnets, and finds those that are
// announced: DNS-based service discovery (RFC 6763) by multicast DNS (RFC 6762) over
// IPv4. The service is _linkspan-reg._tcp in the domain local.
//
// What is found is not proved: anybody on the subnet can announce anything, and whoever
// connects compares the registry's CA.
//
//	a, err := discovery.Announce(discovery.Service{Name: "hall-3", Port: 5000}, interfaces)
//	err = a.Run(ctx)
//	found, err := discovery.Find(ctx, interfaces)
package discovery
