// SPDX-License-Identifier: Apache-2.0

// Package hotplug is Linkspan's own network driver: an endpoint is a veth whose
// host end is a port of the integration bridge, with a number and addresses
// that the fabric is told of. Routes between endpoints are not its business:
// the controller plugs them at the first packet.
//
// The number of an endpoint's port is the lowest free one from 100 to 65000; one
// that the controller still has an endpoint at is not free. It
// lives in the endpoint's record alone; the driver learns the numbers in use
// from those records when the controller starts.
//
// An endpoint has an IPv4 address, and one of IPv6 beside it where its network has.
// The way out of its networks, and in to published ports, is a [Gateway]'s.
//
// What it is not: it never calls Docker.
//
//	driver, err := hotplug.New(hotplug.Options{
//		Ports: bridge, Links: hotplug.Kernel{}, Fabric: fabric, MTU: 1450,
//	})
package hotplug
