// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"
	"github.com/google/nftables/userdata"
)

// A packet passes when no base chain drops it. Docker, like many a firewall,
// lets its chain FORWARD drop what it does not know. So what comes from or goes
// to a driver's link is accepted there, in the chain that Docker leaves
// to others, or in FORWARD itself; what of it may pass is decided in the
// driver's own table.

// Admit brings the rules in others' chains to letting just these links through, sorted
// by name. The mark is that of whoever calls; its rules bear it. A chain that drops
// nothing needs none.
func Admit(mark string, links []string) error {
	conn, err := nftables.New()
	if err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	for _, family := range []nftables.TableFamily{nftables.TableFamilyIPv4, nftables.TableFamilyIPv6} {
		chain, err := strictChain(conn, family)
		if err != nil {
			return err
		}
		if chain == nil {
			continue
		}
		if err := admitTo(conn, chain, mark, links); err != nil {
			return fmt.Errorf("let %s through chain %s: %w", mark, chain.Name, err)
		}
	}
	return nil
}

// strictChain returns the chain to put rules into when the family's iptables
// table "filter" drops by default what is forwarded; or nil.
func strictChain(conn *nftables.Conn, family nftables.TableFamily) (*nftables.Chain, error) {
	chains, err := conn.ListChainsOfTableFamily(family)
	if err != nil {
		return nil, fmt.Errorf("list nftables chains: %w", err)
	}
	var forward, user *nftables.Chain
	for _, c := range chains {
		switch {
		case c.Table.Name != "filter":
		case c.Name == "FORWARD" && c.Policy != nil && *c.Policy == nftables.ChainPolicyDrop:
			forward = c
		case c.Name == "DOCKER-USER":
			user = c
		}
	}
	if forward != nil && user != nil {
		return user, nil
	}
	return forward, nil
}

func admitTo(conn *nftables.Conn, chain *nftables.Chain, mark string, links []string) error {
	have, err := conn.GetRules(chain.Table, chain)
	if err != nil {
		return err
	}
	ours := slices.DeleteFunc(have, func(r *nftables.Rule) bool {
		comment, _ := userdata.GetString(r.UserData, userdata.TypeComment)
		return !strings.HasPrefix(comment, mark+" ")
	})
	want := admissions(mark, links)
	if slices.EqualFunc(ours, want, func(a *nftables.Rule, b []byte) bool { return bytes.Equal(a.UserData, b) }) {
		return nil
	}
	for _, r := range ours {
		if err := conn.DelRule(r); err != nil {
			return err
		}
	}
	for _, name := range slices.Backward(links) { // each goes to the top
		for _, key := range []expr.MetaKey{expr.MetaKeyOIFNAME, expr.MetaKeyIIFNAME} {
			conn.InsertRule(&nftables.Rule{Table: chain.Table, Chain: chain, UserData: label(mark, key, name), Exprs: Rules(
				[]expr.Any{&expr.Meta{Key: key, Register: 1}, &expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: Ifname(name)}, &expr.Counter{}},
				Accept())})
		}
	}
	return conn.Flush()
}

// admissions returns the marks of the rules that there should be, in order.
func admissions(mark string, links []string) [][]byte {
	var marks [][]byte
	for _, name := range links {
		marks = append(marks, label(mark, expr.MetaKeyIIFNAME, name), label(mark, expr.MetaKeyOIFNAME, name))
	}
	return marks
}

func label(mark string, key expr.MetaKey, link string) []byte {
	direction := "from"
	if key == expr.MetaKeyOIFNAME {
		direction = "to"
	}
	return userdata.AppendString(nil, userdata.TypeComment, mark+" "+direction+" "+link)
}
