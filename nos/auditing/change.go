// SPDX-License-Identifier: Apache-2.0

package auditing

import (
	"cmp"
	"fmt"
	"log/slog"
	"strings"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/audit"
)

// Log is where entries go.
type Log interface {
	// Append writes an entry down; on an error nothing was written.
	Append(audit.Entry) (audit.Record, error)
}

var _ Log = (*audit.Log)(nil)

// Committed returns what a manager of the configuration calls for each revision that came to
// run (config.Options.Committed): who made it, and its commands without secrets.
func Committed(to Log, log *slog.Logger) func(r config.Revision, before, now *tree.Tree) {
	return func(r config.Revision, before, now *tree.Tree) {
		e := audit.Entry{Kind: audit.Change, Who: r.Who, How: r.How, Revision: r.Number, Text: changeText(r, tree.Diff(before, now), "# nothing but its number")}
		if _, err := to.Append(e); err != nil { // it runs already: there is nobody to refuse it to
			log.Error("a change is not in the audit log", "revision", r.Number, "who", r.Who, "error", err)
		}
	}
}

// changeText is the comment, if there is one, and the commands; nothing if there is neither.
func changeText(r config.Revision, edits []tree.Edit, nothing string) string {
	var b strings.Builder
	if r.Comment != "" {
		fmt.Fprintf(&b, "# %s\n", tree.Quote(r.Comment))
	}
	if r.Confirm > 0 {
		fmt.Fprintf(&b, "# to be confirmed within %s\n", r.Confirm)
	}
	for i, e := range edits {
		if line := e.Command(tree.Hide); b.Len()+len(line) < audit.MaxText-64 {
			b.WriteString(line + "\n")
			continue
		}
		fmt.Fprintf(&b, "# and %d commands more\n", len(edits)-i)
		break
	}
	return cmp.Or(strings.TrimSuffix(b.String(), "\n"), nothing)
}
