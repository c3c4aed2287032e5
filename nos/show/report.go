// SPDX-License-Identifier: Apache-2.0

package show

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Report is what one command found. Names of facts, tables and columns are in lower case with
// underscores: they are the names in JSON, and do not change once they are there.
type Report struct {
	Facts  []Fact
	Tables []Table
}

// Fact is one value with a name.
type Fact struct {
	Name  string
	Value any // as a cell of a [Table]
}

// Table is rows of one form. A cell is a string, bool, int, int64, uint64, float64,
// []string, time.Time, or nil for what is not known. A time.Duration is shown as text.
type Table struct {
	Name    string
	Columns []string
	Rows    [][]any // each as long as Columns
}

// Validate refuses rows that do not fit their columns, and cells of other types.
func (r Report) Validate() error {
	for _, f := range r.Facts {
		if !known(f.Value) {
			return fmt.Errorf("fact %s has a value of type %T", f.Name, f.Value)
		}
	}
	for _, t := range r.Tables {
		for i, row := range t.Rows {
			if len(row) != len(t.Columns) {
				return fmt.Errorf("row %d of table %s has %d cells for %d columns", i, t.Name, len(row), len(t.Columns))
			}
			for j, cell := range row {
				if !known(cell) {
					return fmt.Errorf("column %s of table %s has a value of type %T", t.Columns[j], t.Name, cell)
				}
			}
		}
	}
	return nil
}

func known(cell any) bool {
	switch cell.(type) {
	case nil, string, bool, int, int64, uint64, float64, []string, time.Time, time.Duration:
		return true
	}
	return false
}

// cellText returns a cell as people read it; what is not known or empty is a dash.
func cellText(cell any) string {
	text := ""
	switch c := cell.(type) {
	case string:
		text = c
	case bool:
		text = "no"
		if c {
			text = "yes"
		}
	case int, int64, uint64:
		text = fmt.Sprint(c)
	case float64:
		text = strconv.FormatFloat(c, 'f', -1, 64)
	case []string:
		text = strings.Join(c, " ")
	case time.Time:
		if !c.IsZero() {
			text = c.Format("2006-01-02 15:04:05 MST")
		}
	case time.Duration:
		text = c.String()
	}
	if text = clean(text); text == "" {
		return "-"
	}
	return text
}

// clean keeps a cell on one line, and a terminal from obeying what is in it.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, text)
}
