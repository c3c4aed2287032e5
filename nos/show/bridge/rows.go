// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"strconv"
	"time"

	"github.com/ovn-kubernetes/libovsdb/ovsdb"

	"github.com/linkspan/linkspan/ovs"
)

// patience is how long Open vSwitch may take to answer.
const patience = 5 * time.Second

// row is a row of the database.
type row ovsdb.Row

func (r row) text(column string) string             { return ovs.Text(r[column]) }
func (r row) pairs(column string) map[string]string { return ovs.Pairs(r[column]) }

// number returns a number in a column, nil if there is none.
func (r row) number(column string) any { return number(r.text(column)) }

// number returns a text as a number, nil if it is none.
func number(text string) any {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// rows reads columns of a table: of all rows, by their names. It is empty where nothing
// is configured that needs Open vSwitch.
func (s Source) rows(ctx context.Context, table string, columns ...string) (map[string]row, error) {
	all := map[string]row{}
	if s.list("ports").Len() == 0 && s.list("vlans").Len() == 0 {
		return all, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := s.Switch.Look(ctx, func(ctx context.Context, db ovs.Rows) error {
		answer, err := db.Select(ctx, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table, Columns: append(columns, "_uuid", "name")})
		if err != nil {
			return err
		}
		for _, r := range answer[0] {
			all[ovs.Text(r["name"])] = row(r)
		}
		return nil
	})
	return all, err
}
