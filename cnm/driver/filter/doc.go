// SPDX-License-Identifier: Apache-2.0

// Package filter is the words in which drivers write rules of nftables: parts that
// match, and what they lead to. Where several families have the same rule, the family
// is a number: 0 is IPv4, 1 IPv6.
//
// What it is not: what is in a table is the driver's own; [Replace] only puts it in the
// earlier one's place, and [Admit] lets links through a chain of others.
//
//	err := filter.Replace(table, func(conn *nftables.Conn) error {
//		forward := conn.AddChain(...)
//		conn.AddRule(&nftables.Rule{Table: table, Chain: forward, Exprs: filter.Rules(
//			filter.ComesFrom("lbr-web"), filter.Accept())})
//		return nil
//	})
package filter
