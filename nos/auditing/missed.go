// SPDX-License-Identifier: Apache-2.0

package auditing

import (
	"cmp"
	"slices"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/trust/audit"
)

// Missed writes down which revisions came to run without a record of it, because the process
// ended in between or the log could not be written: those that are newer than the last of
// which the log in dir has a record. It is called once, at a start.
func Missed(to Log, dir string, history []config.Revision) error {
	last, err := audit.List(dir, audit.Filter{Kinds: []audit.Kind{audit.Change}, Limit: 1})
	if err != nil {
		return err
	}
	known := 0
	if len(last) > 0 {
		known = last[0].Revision
	}
	history = slices.SortedFunc(slices.Values(history), func(a, b config.Revision) int { return cmp.Compare(a.Number, b.Number) })
	for _, r := range history {
		if r.Number <= known {
			continue
		}
		e := audit.Entry{Kind: audit.Change, Who: r.Who, How: r.How, Revision: r.Number, Text: "# found at the start\n" + changeText(r, nil, "# nothing else is known of it")}
		if _, err := to.Append(e); err != nil {
			return err
		}
	}
	return nil
}
