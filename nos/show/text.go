// SPDX-License-Identifier: Apache-2.0

package show

import (
	"strings"
	"unicode/utf8"
)

// gap is between columns.
const gap = "  "

// Text returns the report for people: facts first, then the tables. A table that is
// wider than width has its rows below one another, a cell a line; one of a single column has
// no title. Width 0 is no limit.
func (r Report) Text(width int) string {
	var parts []string
	if len(r.Facts) > 0 {
		parts = append(parts, factText(r.Facts))
	}
	for _, t := range r.Tables {
		text := t.text(width)
		if len(r.Tables) > 1 {
			text = heading(t.Name) + "\n" + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "\n")
}

// heading is a name as people read it.
func heading(name string) string {
	text := strings.ReplaceAll(name, "_", " ")
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// factText aligns values behind their names.
func factText(facts []Fact) string {
	longest := 0
	for _, f := range facts {
		longest = max(longest, utf8.RuneCountInString(f.Name))
	}
	var b strings.Builder
	for _, f := range facts {
		b.WriteString(pad(heading(f.Name)+":", longest+1) + " " + cellText(f.Value) + "\n")
	}
	return b.String()
}

func (t Table) text(width int) string {
	switch {
	case len(t.Rows) == 0:
		return "(none)\n"
	case len(t.Columns) == 1:
		return t.list()
	}
	lines := make([][]string, 0, len(t.Rows)+1)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = strings.ToUpper(strings.ReplaceAll(c, "_", " "))
	}
	lines = append(lines, head)
	for _, row := range t.Rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = cellText(cell)
		}
		lines = append(lines, line)
	}
	widths, total := measure(lines)
	if width > 0 && total > width {
		return t.records(lines[1:])
	}
	return t.grid(lines, widths)
}

// list writes the rows of a single column, which needs no title.
func (t Table) list() string {
	var b strings.Builder
	for _, row := range t.Rows {
		b.WriteString(cellText(row[0]) + "\n")
	}
	return b.String()
}

// measure returns the width of each column and of a whole line.
func measure(lines [][]string) (widths []int, total int) {
	widths = make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	for i, w := range widths {
		if total += w; i > 0 {
			total += len(gap)
		}
	}
	return widths, total
}

// grid writes a line per row; numbers stand to the right.
func (t Table) grid(lines [][]string, widths []int) string {
	var b strings.Builder
	for _, line := range lines {
		cells := make([]string, len(line))
		for i, cell := range line {
			cells[i] = pad(cell, widths[i])
			if t.number(i) {
				cells[i] = strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)) + cell
			}
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, gap), " ") + "\n")
	}
	return b.String()
}

// number says whether a column has nothing but numbers.
func (t Table) number(column int) bool {
	some := false
	for _, row := range t.Rows {
		switch row[column].(type) {
		case nil:
		case int, int64, uint64, float64:
			some = true
		default:
			return false
		}
	}
	return some
}

// records writes a cell per line, for narrow terminals.
func (t Table) records(rows [][]string) string {
	blocks := make([]string, len(rows))
	for i, row := range rows {
		facts := make([]Fact, len(row))
		for j, cell := range row {
			facts[j] = Fact{t.Columns[j], cell}
		}
		blocks[i] = factText(facts)
	}
	return strings.Join(blocks, "\n")
}

func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
