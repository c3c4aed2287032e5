// SPDX-License-Identifier: Apache-2.0

package show

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// JSON returns the report for programs. A report of one table alone is a list of
// its rows, each an object by the names of the columns; any other is an object with the facts and, by
// their names, such lists. Fields are in the order of the report, what is not known is null, times are of
// RFC 3339 in UTC, and durations are numbers of seconds. It ends with a line break.
func (r Report) JSON() ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if len(r.Facts) == 0 && len(r.Tables) == 1 {
		if err := r.Tables[0].json(&b); err != nil {
			return nil, err
		}
	} else if err := r.object(&b); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, b.Bytes(), "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

func (r Report) object(b *bytes.Buffer) error {
	b.WriteByte('{')
	for i, f := range r.Facts {
		if err := field(b, i, f.Name, f.Value); err != nil {
			return err
		}
	}
	for i, t := range r.Tables {
		if i+len(r.Facts) > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", t.Name)
		if err := t.json(b); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func (t Table) json(b *bytes.Buffer) error {
	b.WriteByte('[')
	for i, row := range t.Rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('{')
		for j, cell := range row {
			if err := field(b, j, t.Columns[j], cell); err != nil {
				return err
			}
		}
		b.WriteByte('}')
	}
	b.WriteByte(']')
	return nil
}

// field writes the i'th field of an object.
func field(b *bytes.Buffer, i int, name string, cell any) error {
	if i > 0 {
		b.WriteByte(',')
	}
	switch c := cell.(type) {
	case time.Time:
		if cell = nil; !c.IsZero() {
			cell = c.UTC().Format(time.RFC3339)
		}
	case time.Duration:
		cell = c.Seconds()
	case []string:
		if c == nil {
			cell = []string{}
		}
	}
	value, err := json.Marshal(cell)
	if err != nil {
		return fmt.Errorf("field %s: %w", name, err)
	}
	fmt.Fprintf(b, "%q:%s", name, value)
	return nil
}
