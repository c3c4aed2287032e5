// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/support"
	"github.com/linkspan/linkspan/trust/audit"
)

// ownShows is what can be shown of who did what, and for finding faults.
func (n *nos) ownShows() []show.Item {
	user := show.Arg{Name: "user", Help: "What this user did alone", Values: n.userNames}
	return []show.Item{
		{Name: "audit", Help: "Who did what on this switch", Act: string(access.Audit), Args: []show.Arg{user}, Show: n.showAudit},
		{Name: "audit-chain", Help: "Whether anybody has changed the audit log", Act: string(access.Audit), Show: n.showAuditChain},
		{Name: "tech-support", Help: "Collect what is needed to find a fault into a file, without secrets", Act: string(access.Support), Show: n.showTechSupport},
	}
}

func (n *nos) userNames(context.Context) []string {
	users, err := n.manager.Running().At("system", "users")
	if err != nil {
		return nil
	}
	var names []string
	for u := range users.Entries() {
		names = append(names, u.Key()[0])
	}
	return names
}

func (n *nos) showAudit(_ context.Context, args []string) (show.Report, error) {
	f := audit.Filter{}
	if len(args) > 0 {
		f.Who = args[0]
	}
	records, err := audit.List(n.audit.Dir(), f)
	if err != nil {
		return show.Report{}, err
	}
	t := show.Table{Name: "records", Columns: []string{"number", "time", "kind", "who", "how", "from", "revision", "text", "error"}}
	for _, r := range records {
		var revision any
		if r.Revision > 0 {
			revision = r.Revision
		}
		t.Rows = append(t.Rows, []any{r.Number, r.Time.Local(), string(r.Kind), r.Who, r.How, r.From, revision, r.Text, r.Error})
	}
	return show.Report{Tables: []show.Table{t}}, nil
}

func (n *nos) showAuditChain(context.Context, []string) (show.Report, error) {
	r, err := audit.Verify(n.audit.Dir(), n.audit.Last())
	if err != nil {
		return show.Report{}, err
	}
	return show.Report{Facts: []show.Fact{
		{Name: "holds", Value: len(r.Problems) == 0}, {Name: "records", Value: r.Records}, {Name: "files", Value: r.Files}, {Name: "first", Value: r.First.Number},
		{Name: "last", Value: r.Last.String()}, {Name: "problems", Value: r.Problems},
	}}, nil
}

// archivesKept is how many archives for support stay on the switch.
const archivesKept = 3

// showTechSupport writes an archive on the switch, and says where it is.
func (n *nos) showTechSupport(ctx context.Context, _ []string) (show.Report, error) {
	select { // one at a time: each removes the oldest, and none that is being written
	case n.archives <- struct{}{}:
		defer func() { <-n.archives }()
	case <-ctx.Done():
		return show.Report{}, ctx.Err()
	}
	dir := filepath.Join(n.role.stateDir, "support")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return show.Report{}, err
	}
	now := time.Now()
	file := filepath.Join(dir, now.UTC().Format("20060102-150405.000")+".tar.gz")
	o := n.supportOptions()
	o.Now = now
	if err := writeArchive(ctx, file, o); err != nil {
		return show.Report{}, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return show.Report{}, err
	}
	return show.Report{Facts: []show.Fact{
		{Name: "file", Value: file}, {Name: "bytes", Value: info.Size()}, {Name: "took", Value: time.Since(now).Round(time.Millisecond)},
	}}, removeOldest(dir, archivesKept)
}

// writeArchive writes an archive to a file that its owner alone can read, all of it or nothing.
func writeArchive(ctx context.Context, file string, o support.Options) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := firstCause(support.Write(ctx, f, o), f.Close()); err != nil {
		return firstCause(err, os.Remove(file))
	}
	return nil
}

// removeOldest keeps the last files of a folder by their names.
func removeOldest(dir string, keep int) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range slices.Backward(files[:max(len(files)-keep, 0)]) {
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
