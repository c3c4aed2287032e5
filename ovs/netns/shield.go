// SPDX-License-Identifier: Apache-2.0

package netns

import (
	"context"
	"fmt"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
)

// The userspace datapath reads a port by a packet socket, which takes a copy:
// the kernel still hands every frame to the host's own stack. A container that
// addresses its frames to the host end of its veth would be routed by the
// host, around the bridge and every policy. The shield drops, before routing
// and connection tracking, all IP that enters the host's stack by a host end.
// (On the kernel datapath the frames never get that far.)

// shieldTable is the nftables table (family inet) that holds the shield.
const shieldTable = "linkspan-shield"

// PriorityBeforeDefrag is where copies of frames are dropped that the datapath has too: before
// connection tracking puts fragments together, which knows them by their addresses and not by
// the link that they came by. A copy that got that far would be taken for a part of the packet that
// the bridge brings to the host, and the packet's own part for one too many.
func PriorityBeforeDefrag() *nftables.ChainPriority {
	return nftables.ChainPriorityRef(*nftables.ChainPriorityConntrackDefrag - 50)
}

// EnsureShield raises the shield for all links whose names begin with one of the
// prefixes, those of the future included, and for further links by name, in one
// nftables transaction that leaves no gap. Links that it was up for before and
// that are not named are no longer shielded.
func EnsureShield(ctx context.Context, prefixes []string, names ...string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: shieldTable})
	conn.DelTable(table) // one from before may have its chain elsewhere
	conn.AddTable(table)
	chain := conn.AddChain(&nftables.Chain{Name: "copies", Table: table, Type: nftables.ChainTypeFilter,
		Hooknum: nftables.ChainHookPrerouting, Priority: PriorityBeforeDefrag()})
	for _, prefix := range prefixes {
		conn.AddRule(shieldRule(table, chain, []byte(prefix))) // no trailing zero: a prefix
	}
	for _, name := range names {
		conn.AddRule(shieldRule(table, chain, append([]byte(name), 0)))
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("raise shield: %w", err)
	}
	return nil
}

// shieldRule drops what comes in by links of a name.
func shieldRule(table *nftables.Table, chain *nftables.Chain, name []byte) *nftables.Rule {
	return &nftables.Rule{Table: table, Chain: chain, Exprs: []expr.Any{
		&expr.Meta{Key: expr.MetaKeyIIFNAME, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: name},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}}
}

// RemoveShield takes the shield down; one that is not up is fine.
func RemoveShield(ctx context.Context) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	table := conn.AddTable(&nftables.Table{Family: nftables.TableFamilyINet, Name: shieldTable})
	conn.DelTable(table) // added first, so that deleting never fails
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("remove shield: %w", err)
	}
	return nil
}
