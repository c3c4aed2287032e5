// SPDX-License-Identifier: Apache-2.0

package tunnel

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

func setFor(addr netip.Addr) *nftables.Set {
	f := families()
	if addr.Is4() {
		return f[0].set
	}
	return f[1].set
}

// admit lets an outer source address in; one that is in already is fine.
func admit(addr netip.Addr) error {
	return element(addr, (*nftables.Conn).SetAddElements)
}

// ban shuts an outer source address out; one that is out already is fine.
func ban(addr netip.Addr) error {
	err := element(addr, (*nftables.Conn).SetDeleteElements)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return err
}

func element(addr netip.Addr, change func(*nftables.Conn, *nftables.Set, []nftables.SetElement) error) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	set := setFor(addr)
	if err := change(conn, set, []nftables.SetElement{{Key: addr.AsSlice()}}); err != nil {
		return fmt.Errorf("source %s: %w", addr, err)
	}
	if err := conn.Flush(); err != nil {
		return fmt.Errorf("source %s in nftables set %s: %w", addr, set.Name, err)
	}
	return nil
}

// alignSources makes the admitted sources exactly the underlay addresses in
// want, by difference, in one transaction.
func alignSources(cfg Config, want map[linkspan.MAC]netip.Addr) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	set := setFor(cfg.Local)
	have, err := conn.GetSetElements(set)
	if err != nil {
		return fmt.Errorf("read nftables set %s: %w", set.Name, err)
	}
	missing := make(map[netip.Addr]bool, len(want))
	for _, addr := range want {
		missing[addr] = true
	}
	var add, del []nftables.SetElement
	for _, e := range have {
		addr := address(e.Key)
		if !missing[addr] {
			del = append(del, nftables.SetElement{Key: e.Key})
		}
		delete(missing, addr)
	}
	for addr := range missing {
		add = append(add, nftables.SetElement{Key: addr.AsSlice()})
	}
	return replaceSources(conn, set, add, del)
}

func replaceSources(conn *nftables.Conn, set *nftables.Set, add, del []nftables.SetElement) error {
	if len(add)+len(del) == 0 {
		return nil
	}
	var err error
	if len(add) > 0 {
		err = conn.SetAddElements(set, add)
	}
	if len(del) > 0 {
		err = errors.Join(err, conn.SetDeleteElements(set, del))
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		return fmt.Errorf("change nftables set %s: %w", set.Name, err)
	}
	return nil
}

// dropped adds up the counters of the rules against foreign sources.
func dropped(ctx context.Context) (uint64, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	conn, err := nftables.New()
	if err != nil {
		return 0, fmt.Errorf("nftables: %w", err)
	}
	rules, err := conn.GetRules(table(), tunnelChain())
	if err != nil {
		return 0, fmt.Errorf("read nftables chain tunnel: %w", err)
	}
	var sum uint64
	for _, r := range rules {
		for _, e := range r.Exprs {
			if c, ok := e.(*expr.Counter); ok {
				sum += c.Packets
			}
		}
	}
	return sum, nil
}
