// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// Options are what the part needs. The zero value works on the host itself.
type Options struct {
	Root    string // folder that the files are below; / if empty
	Zones   string // folder with the time zones; /usr/share/zoneinfo if empty
	Keep    string // file in which is kept what files were before; empty: it does not outlive the process
	Kernel  Kernel // UTS if nil
	Logging Logger // told what is logged, and to whom it is sent; nil: nobody is
	Log     *slog.Logger
}

// Part applies what is configured of the system.
type Part struct {
	options Options
	kept    *kept
}

var _ config.Host = (*Part)(nil)

// New returns the part. It touches nothing yet.
func New(o Options) (*Part, error) {
	if o.Root == "" {
		o.Root = "/"
	}
	if o.Zones == "" {
		o.Zones = "/usr/share/zoneinfo"
	}
	if o.Kernel == nil {
		o.Kernel = UTS{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	k, err := openKept(o.Keep)
	if err != nil {
		return nil, err
	}
	return &Part{o, k}, nil
}

// Plan says which files are written. The error says which time zone there is not, and that
// nothing sets the clock.
func (p *Part) Plan(_ context.Context, old, new *tree.Tree) (config.Plan, error) {
	unknown := old == nil
	if err := p.can(old, new); err != nil && !unknown {
		return nil, err
	}
	was, is := p.items(old), p.items(new)
	all := &plan{part: p, all: unknown, before: loggingOf(old), after: loggingOf(new)}
	if unknown {
		for file := range p.kept.before {
			was = append(was, item{file: file})
		}
		all.cannot = p.can(old, new)
	}
	for _, i := range is {
		if before, there := of(was, i.file); !there || before.want != i.want || unknown {
			all.changes = append(all.changes, change{file: i.file, path: i.path, want: &i.want})
		}
	}
	for _, i := range was {
		if _, stays := of(is, i.file); !stays {
			all.changes = append(all.changes, change{file: i.file, path: i.path})
		}
	}
	return all, nil
}

// can says what of a change the host cannot do. What stays as it was keeps nobody from
// changing something else.
func (p *Part) can(old, new *tree.Tree) error {
	var wrong []error
	system := new.Root().Child("system")
	if zone := system.Child("time-zone").Value(); zone != "" && changes(old, new, "time-zone") {
		if info, err := os.Stat(filepath.Join(p.options.Zones, zone)); err != nil || !info.Mode().IsRegular() {
			wrong = append(wrong, &linkspan.Error{Code: linkspan.Invalid, Message: "system time-zone: this host does not know the time zone " + zone, Hint: "those in " + p.options.Zones + " can be had"})
		}
	}
	if system.Child("ntp").There() && changes(old, new, "ntp") && len(p.clocks()) == 0 {
		wrong = append(wrong, &linkspan.Error{Code: linkspan.Invalid, Message: "system ntp: no program that sets the clock is installed", Hint: "install chrony or systemd-timesyncd"})
	}
	return errors.Join(wrong...)
}

// changes says whether a part of the system is another one, or it is not known what it was.
func changes(old, new *tree.Tree, part string) bool {
	return old == nil || slices.ContainsFunc(tree.Diff(old, new), func(e tree.Edit) bool {
		return len(e.Words) < 2 || e.Words[0] == "system" && e.Words[1] == part
	})
}

// change is a file that becomes another one.
type change struct {
	file string
	path []string
	want *content // nil: what it was before anything was configured
}

func (c change) String() string {
	switch {
	case c.want == nil:
		return "give back " + c.file
	case c.want.Link != "":
		return fmt.Sprintf("link %s to %s", c.file, c.want.Link)
	}
	return "write " + c.file
}

// becomes returns what a file is to be when it is something now.
func (p *Part) becomes(c change, now content) content {
	before, known := p.kept.before[c.file]
	switch {
	case c.file == hostsFile && now.Link != "":
		return now // whose it is nobody knows
	case c.file == hostsFile && c.want == nil && known && before.None && withName(now.Text, "") == "":
		return before
	case c.file == hostsFile && c.want == nil:
		return content{Text: withName(now.Text, ""), None: now.None}
	case c.file == hostsFile:
		return content{Text: withName(now.Text, c.want.Text)}
	case c.want != nil:
		return *c.want
	case known:
		return before
	}
	return now
}

// Drift returns which files somebody else has changed.
func (p *Part) Drift(_ context.Context, t *tree.Tree) ([]config.Drift, error) {
	var drift []config.Drift
	var blind []error
	for _, i := range p.items(t) {
		now, err := p.read(i.file)
		if err != nil {
			blind = append(blind, err)
			continue
		}
		if want := p.becomes(change{file: i.file, want: &i.want}, now); want != now {
			drift = append(drift, config.Drift{Path: slices.Clone(i.path), Want: i.file + ": " + want.show(), Have: now.show()})
		}
	}
	return drift, errors.Join(blind...)
}

// show returns what people see of a file.
func (c content) show() string {
	switch {
	case c.None:
		return ""
	case c.Link != "":
		return "link to " + c.Link
	}
	return fmt.Sprintf("%q", c.Text)
}
