// SPDX-License-Identifier: Apache-2.0

package filter

import (
	"fmt"
	"slices"

	"github.com/google/nftables"

	"github.com/linkspan/linkspan/cnm/driver/kernel"
)

// Table is a driver's own table, for both families.
func Table(name string) *nftables.Table {
	return &nftables.Table{Family: nftables.TableFamilyINet, Name: name}
}

// Replace replaces a driver's table by one that has what add adds to the empty one, in
// one transaction: no packet meets a half of it, and after an error it is as it was. With
// add nil it goes, if it is there. The error has code Unavailable where the kernel has no
// nftables.
func Replace(t *nftables.Table, add func(*nftables.Conn) error) error {
	conn, err := nftables.New()
	if err != nil {
		return kernel.Nftables.Explain(fmt.Errorf("nftables: %w", err))
	}
	conn.AddTable(t) // so that deleting never fails
	conn.DelTable(t)
	if add != nil {
		conn.AddTable(t)
		err = add(conn)
	}
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		return kernel.Nftables.Explain(fmt.Errorf("nftables table inet %s: %w", t.Name, err))
	}
	return nil
}

// Remove removes a driver's table, if it is there.
func Remove(t *nftables.Table) error { return Replace(t, nil) }

// HasTable says whether the kernel has a table of that family and name.
func HasTable(t *nftables.Table) bool {
	conn, err := nftables.New()
	if err != nil {
		return false
	}
	tables, err := conn.ListTablesOfFamily(t.Family)
	return err == nil && slices.ContainsFunc(tables, func(o *nftables.Table) bool { return o.Name == t.Name })
}
