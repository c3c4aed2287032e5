// SPDX-License-Identifier: Apache-2.0

// Package pool is the IPAM of Linkspan: a pool is a subnet, and the addresses
// of containers in it come from the fabric, which makes them unique on all
// hosts. Gateway and auxiliary addresses belong to the pool alone: every host
// has the same gateway, and it is never leased. Without a fabric the addresses
// are unique on this host, where pools must not overlap; a released address is given
// again as late as can be.
//
// Every request makes a new pool, so that two networks with the same subnet
// have two. Without a subnet it gives the lowest free /24 of 10.208.0.0/12, of IPv6
// the lowest free /64 of a prefix of this host's: the host that is asked chooses, and
// all others get that network as it is.
//
// What it is not: it stores no record (package cnm does) and scans for nothing.
//
//	ipams := map[string]cnm.IPAM{"pool": pool.New(pool.Options{Fabric: fabric})}
package pool
