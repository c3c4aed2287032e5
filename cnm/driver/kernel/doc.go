// SPDX-License-Identifier: Apache-2.0

// Package kernel is what network drivers that work with links of the kernel
// have in common: names that fit, addresses that are free, marks by which a
// link is known as a driver's own, and what to tell a person whose kernel lacks
// a feature.
//
// What it is not: no driver, and it makes no links.
//
//	name := kernel.Name("lbr-", n.ID)
//	if err := netlink.LinkAdd(bridge); err != nil {
//		return kernel.Bridge.Explain(err)
//	}
package kernel
