// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// APT asks the machine's apt, which knows where packages are and by whom they are signed. It
// keeps its lists and packages in Dir, so that any user may use it. One at a time uses a Dir.
type APT struct {
	Dir          string // absolute; made if it is not there
	Architecture string // of packages, as Debian names it; empty: as this machine's Go does
	Sources      string // file of sources (sources.list(5)); empty: the machine's
}

// Wanted is what packages are needed for.
type Wanted struct {
	Names    []string
	LeaveOut []string    // packages that are never needed, nor what only they need
	There    []Paragraph // packages that are there already
}

// Architecture returns what Debian calls an architecture of Go.
func Architecture(goarch string) string {
	if name, ok := map[string]string{"386": "i386", "arm": "armhf", "ppc64le": "ppc64el", "mips64le": "mips64el"}[goarch]; ok {
		return name
	}
	return goarch
}

func (a *APT) architecture() string {
	if a.Architecture != "" {
		return a.Architecture
	}
	return Architecture(runtime.GOARCH)
}

// Update gets the lists of packages anew.
func (a *APT) Update(ctx context.Context, progress func(percent float64, text string)) error {
	if _, err := a.run(ctx, "", progress, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	return os.WriteFile(a.stamp(), nil, 0o644)
}

// stamp is a file of the time of the last update.
func (a *APT) stamp() string { return filepath.Join(a.Dir, "updated") }

// Updated returns when the lists of packages were got; the zero time: never.
func (a *APT) Updated() time.Time {
	info, err := os.Stat(a.stamp())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// Resolve returns what is needed and not there, sorted by name, as apt knows it: each with Package, Version, Architecture and SHA256. Recommendations are not
// followed. Errors have code NotFound where there is no such package.
func (a *APT) Resolve(ctx context.Context, w Wanted) ([]Paragraph, error) {
	if len(w.Names) == 0 {
		return nil, nil
	}
	if err := a.pretend(ctx, w); err != nil {
		return nil, err
	}
	out, err := a.run(ctx, "", nil, "apt-get", append([]string{"install", "--simulate", "-qq"}, w.Names...)...)
	if err != nil {
		return nil, err
	}
	var exact []string
	for _, found := range installed.FindAllSubmatch(out, -1) {
		exact = append(exact, string(found[1])+"="+string(found[2]))
	}
	slices.Sort(exact)
	return a.Show(ctx, exact...)
}

// installed is a line of apt-get --simulate: Inst NAME[:ARCHITECTURE] (VERSION ...
var installed = regexp.MustCompile(`(?m)^Inst ([a-z0-9][a-z0-9.+-]*)(?::[a-z0-9]+)? (?:\[[^\]]*\] )?\(([^ ]+) `)

// Show returns what apt knows of packages, each NAME or NAME=VERSION, in their order.
func (a *APT) Show(ctx context.Context, names ...string) ([]Paragraph, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, err := a.run(ctx, "", nil, "apt-cache", append([]string{"show", "--no-all-versions"}, names...)...)
	if err != nil {
		return nil, err
	}
	all, err := ReadParagraphs(bytes.NewReader(out))
	if err != nil {
		return nil, fmt.Errorf("read what apt knows: %w", err)
	}
	return inOrder(names, all)
}

// inOrder returns a paragraph for each name; apt has its own order, and may show one twice.
func inOrder(names []string, all []Paragraph) ([]Paragraph, error) {
	sorted := make([]Paragraph, 0, len(names))
	for _, wanted := range names {
		name, version, exact := strings.Cut(wanted, "=")
		found := false
		for _, p := range all {
			if p.Get("Package") == name && (!exact || p.Get("Version") == version) {
				sorted, found = append(sorted, p), true
				break
			}
		}
		if !found {
			return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "no source of packages has " + wanted, Hint: "look at /etc/apt/sources.list and sources.list.d"}
		}
	}
	return sorted, nil
}

// pretend writes the list of what is installed: what is there, and what is never needed. To
// what neither needs nothing is said, so that nothing is got for it.
func (a *APT) pretend(ctx context.Context, w Wanted) error {
	if err := a.folders(); err != nil {
		return err
	}
	if err := os.WriteFile(a.status(), nil, 0o644); err != nil {
		return err
	}
	out, err := a.Show(ctx, w.LeaveOut...)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, p := range append(out, w.There...) {
		p = p.Without("Depends", "Pre-Depends", "Recommends", "Suggests", "Breaks", "Conflicts", "Replaces", "Enhances", "Status")
		text.WriteString(p.String() + "Status: hold ok installed\n\n")
	}
	return os.WriteFile(a.status(), []byte(text.String()), 0o644)
}

func (a *APT) status() string { return filepath.Join(a.Dir, "status") }

func (a *APT) folders() error {
	for _, dir := range []string{"state/lists/partial", "cache/archives/partial", "packages"} {
		if err := os.MkdirAll(filepath.Join(a.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	if _, err := os.Stat(a.status()); errors.Is(err, fs.ErrNotExist) {
		return os.WriteFile(a.status(), nil, 0o644)
	}
	return nil
}

// options are those of apt for everything that is asked of it.
func (a *APT) options() []string {
	all := []string{
		"Dir::State=" + filepath.Join(a.Dir, "state"), "Dir::State::status=" + a.status(), "Dir::Cache=" + filepath.Join(a.Dir, "cache"),
		"APT::Architecture=" + a.architecture(), "APT::Architectures::=" + a.architecture(), "APT::Install-Recommends=false", "APT::Install-Suggests=false",
		"APT::Sandbox::User=", "Debug::NoLocking=true", "Acquire::Languages=none", "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false", "Acquire::Retries=3", "APT::Update::Post-Invoke=", "APT::Update::Post-Invoke-Success=",
	}
	if a.Sources != "" {
		all = append(all, "Dir::Etc::sourcelist="+a.Sources, "Dir::Etc::sourceparts=/dev/null")
	}
	argv := make([]string, 0, 2*len(all))
	for _, o := range all {
		argv = append(argv, "-o", o)
	}
	return argv
}

// run runs a program of apt and returns what it prints.
func (a *APT) run(ctx context.Context, dir string, progress func(float64, string), program string, args ...string) ([]byte, error) {
	if _, err := exec.LookPath(program); err != nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: program + " is missing: packages are got by apt", Hint: "build images on a Debian or Ubuntu host"}
	}
	if err := a.folders(); err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, append(a.options(), args...)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var out, wrong bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &wrong
	done, err := follow(cmd, progress)
	if err != nil {
		return nil, err
	}
	err = cmd.Run()
	done()
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, refusal(program, err, wrong.String())
	}
	return out.Bytes(), nil
}

// refusal is what apt says when it cannot do something.
func refusal(program string, err error, text string) error {
	var said []string
	for line := range strings.Lines(text) {
		if why, ok := strings.CutPrefix(strings.TrimSpace(line), "E: "); ok {
			said = append(said, why)
		}
	}
	e := &linkspan.Error{Code: linkspan.Unavailable, Op: program, Message: strings.Join(said, "; "), Hint: "see whether the machine's sources of packages answer: apt-get update"}
	if strings.Contains(text, "Unable to locate package") || strings.Contains(text, "was not found") || strings.Contains(text, "No packages found") {
		e.Code, e.Hint = linkspan.NotFound, "get the lists of packages anew: --update"
	}
	if len(said) == 0 {
		e.Err = err
	}
	return e
}
