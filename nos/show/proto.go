// SPDX-License-Identifier: Apache-2.0

package show

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// ToProto writes a valid report as a message.
func ToProto(r Report) *apiv1.ShowReport {
	m := &apiv1.ShowReport{}
	for _, f := range r.Facts {
		m.Facts = append(m.Facts, &apiv1.ShowFact{Name: f.Name, Value: cellToProto(f.Value)})
	}
	for _, t := range r.Tables {
		table := &apiv1.ShowTable{Name: t.Name, Columns: t.Columns}
		for _, row := range t.Rows {
			cells := make([]*apiv1.ShowCell, len(row))
			for i, cell := range row {
				cells[i] = cellToProto(cell)
			}
			table.Rows = append(table.Rows, &apiv1.ShowRow{Cells: cells})
		}
		m.Tables = append(m.Tables, table)
	}
	return m
}

func cellToProto(cell any) *apiv1.ShowCell {
	switch c := cell.(type) {
	case string:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Text{Text: c}}
	case bool:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Flag{Flag: c}}
	case int:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Number{Number: int64(c)}}
	case int64:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Number{Number: c}}
	case uint64:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Count{Count: c}}
	case float64:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Real{Real: c}}
	case []string:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Words{Words: &apiv1.ShowWords{Words: c}}}
	case time.Time:
		if !c.IsZero() {
			return &apiv1.ShowCell{Value: &apiv1.ShowCell_Time{Time: timestamppb.New(c)}}
		}
	case time.Duration:
		return &apiv1.ShowCell{Value: &apiv1.ShowCell_Duration{Duration: durationpb.New(c)}}
	}
	return &apiv1.ShowCell{}
}

// FromProto reads a message. Rows that do not fit their columns are left out.
func FromProto(m *apiv1.ShowReport) Report {
	var r Report
	for _, f := range m.GetFacts() {
		r.Facts = append(r.Facts, Fact{f.GetName(), cellFromProto(f.GetValue())})
	}
	for _, t := range m.GetTables() {
		table := Table{Name: t.GetName(), Columns: t.GetColumns()}
		for _, row := range t.GetRows() {
			if len(row.GetCells()) != len(table.Columns) {
				continue
			}
			cells := make([]any, len(row.GetCells()))
			for i, cell := range row.GetCells() {
				cells[i] = cellFromProto(cell)
			}
			table.Rows = append(table.Rows, cells)
		}
		r.Tables = append(r.Tables, table)
	}
	return r
}

func cellFromProto(m *apiv1.ShowCell) any {
	switch v := m.GetValue().(type) {
	case *apiv1.ShowCell_Text:
		return v.Text
	case *apiv1.ShowCell_Flag:
		return v.Flag
	case *apiv1.ShowCell_Number:
		return v.Number
	case *apiv1.ShowCell_Count:
		return v.Count
	case *apiv1.ShowCell_Real:
		return v.Real
	case *apiv1.ShowCell_Words:
		return v.Words.GetWords()
	case *apiv1.ShowCell_Time:
		return v.Time.AsTime().Local()
	case *apiv1.ShowCell_Duration:
		return v.Duration.AsDuration()
	}
	return nil
}
