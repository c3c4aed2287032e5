// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
)

// Items returns what can be shown of a configuration's life: history, sessions, drift.
func Items(m *config.Manager) []show.Item {
	return []show.Item{
		{Name: "history", Help: "What was committed, by whom and why", Show: func(context.Context, []string) (show.Report, error) { return historyReport(m), nil }},
		{Name: "sessions", Help: "Who edits the configuration", Show: func(context.Context, []string) (show.Report, error) { return sessionsReport(m), nil }},
		{Name: "drift", Help: "What is not as configured, as somebody changed it by other means", Show: func(ctx context.Context, _ []string) (show.Report, error) { return driftReport(ctx, m) }},
	}
}

// Facts returns how the configuration is, for a report about the whole switch.
func Facts(m *config.Manager) []show.Fact {
	facts := []show.Fact{{Name: "revision", Value: m.Number()}}
	var returns any
	if p, ok := m.Pending(); ok {
		returns = p.Deadline
	}
	facts = append(facts, show.Fact{Name: "returns_unless_confirmed", Value: returns})
	var fault any
	if err := m.Fault(); err != nil {
		fault = err.Error()
	}
	return append(facts, show.Fact{Name: "fault", Value: fault})
}

func historyReport(m *config.Manager) show.Report {
	t := show.Table{Name: "history", Columns: []string{"revision", "time", "who", "how", "of", "comment"}}
	for _, r := range m.History() {
		var of any
		if r.Of > 0 {
			of = r.Of
		}
		t.Rows = append(t.Rows, []any{r.Number, r.Time.Local(), r.Who, r.How, of, r.Comment})
	}
	return show.Report{Tables: []show.Table{t}}
}

func sessionsReport(m *config.Manager) show.Report {
	t := show.Table{Name: "sessions", Columns: []string{"session", "who", "how", "since", "edited", "changes", "locked"}}
	for _, e := range m.Sessions() {
		t.Rows = append(t.Rows, []any{e.ID, e.Who, e.How, local(e.Since), local(e.Edited), e.Changes, e.Locked})
	}
	return show.Report{Tables: []show.Table{t}}
}

func local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Local()
}

func driftReport(ctx context.Context, m *config.Manager) (show.Report, error) {
	drift, err := m.Drift(ctx)
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "drift", Columns: []string{"path", "configured", "found"}}
	for _, d := range drift {
		t.Rows = append(t.Rows, []any{tree.Join(d.Path), d.Want, d.Have})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}
