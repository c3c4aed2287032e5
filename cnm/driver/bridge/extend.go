// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"

	"github.com/google/nftables"
)

// The parts of the table that a new network adds to.
const (
	guardChain  = "guard"
	sourceChain = "postrouting"
	outMap      = "out"
	inMap       = "in"
)

// filterWith brings a new network into the filter. Where nothing is taken out of
// a table, the kernel need not wait until nobody reads it any more, which is
// some 10 ms (a grace period of RCU).
func (d *Driver) filterWith(n network) error {
	if d.extend(n) {
		return d.admitAgain()
	}
	return d.refilter()
}

// extend adds the network to the table, if this process wrote that and the
// network is not in it, and says whether it did. The table may have been
// deleted by somebody since; then nothing is added.
func (d *Driver) extend(n network) bool {
	d.filter.Lock()
	defer d.filter.Unlock()
	if len(d.filtered) == 0 || d.filtered[n.ID] {
		return false
	}
	conn, err := nftables.New()
	if err != nil {
		return false
	}
	if err := (builder{conn: conn, table: table()}).extend(n); err != nil {
		return false
	}
	d.filtered[n.ID] = true
	return true
}

func (b builder) extend(n network) error {
	chain := func(name string) *nftables.Chain { return &nftables.Chain{Table: b.table, Name: name} }
	var open [2]*nftables.Set
	for family := range open {
		open[family] = &nftables.Set{Table: b.table, Name: openName(family)}
	}
	leaves, enters := b.network(n, chain(guardChain), chain(sourceChain), open)
	for name, element := range map[string]nftables.SetElement{outMap: leaves, inMap: enters} {
		set := &nftables.Set{Table: b.table, Name: name, IsMap: true, KeyType: nftables.TypeIFName, DataType: nftables.TypeVerdict}
		if err := b.conn.SetAddElements(set, []nftables.SetElement{element}); err != nil {
			return fmt.Errorf("network %s in map %s: %w", n.link, name, err)
		}
	}
	return b.conn.Flush()
}
