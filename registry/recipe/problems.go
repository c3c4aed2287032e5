// SPDX-License-Identifier: Apache-2.0

package recipe

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// Limits of recipes.
const (
	MaxRecipe   = 1 << 20 // of recipe.yaml, in bytes
	MaxBeside   = 64 << 20
	maxPackages = 512
	maxItems    = 256 // files, folders, links, users
)

var (
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]{1,63}$`)
	userName    = regexp.MustCompile(`^[a-z_][a-z0-9_-]{0,30}$`)
	mode        = regexp.MustCompile(`^0?1?[0-7]{3}$`)
	variable    = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	stopSignal  = regexp.MustCompile(`^SIG[A-Z0-9]{2,8}$`)
	processName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
)

// found collects problems.
type found []linkspan.Problem

func (f *found) add(at, message, want string) {
	*f = append(*f, linkspan.Problem{Path: at, Message: message, Want: want})
}

// when adds a problem if something is wrong.
func (f *found) when(wrong bool, at, message, want string) {
	if wrong {
		f.add(at, message, want)
	}
}

func (f *found) check(at string, err error, want string) {
	if err != nil {
		f.add(at, err.Error(), want)
	}
}

// path checks an absolute path.
func (f *found) path(at, name string) {
	f.when(!path.IsAbs(name) || path.Clean(name) != name || len(name) > linkspan.MaxText || strings.ContainsAny(name, "\x00\n"),
		at, fmt.Sprintf("%.64q is not a path", name), "an absolute path without . and .., as in /etc/motd")
}

// beside checks the name of a file beside the recipe.
func (f *found) beside(at, name string) {
	f.when(name == "" || path.IsAbs(name) || path.Clean(name) != name || strings.HasPrefix(name, "..") || len(name) > linkspan.MaxText,
		at, fmt.Sprintf("%.64q is not beside the recipe", name), "a relative path without .., as in files/hosts")
}

// Problems returns all that is wrong with r by itself, but for its manifest.
func (r *Recipe) Problems() []linkspan.Problem {
	var all found
	all.check("name", linkspan.ValidateRepository(r.Name), "a repository, as in shop/dns")
	all.check("version", linkspan.ValidateVersion(r.Version), "a version of semantic versioning, as in 1.4.0")
	all.when(len(r.Summary) > linkspan.MaxText || strings.ContainsAny(r.Summary, "\r\n"), "summary", "it is not one line", fmt.Sprintf("at most %d bytes", linkspan.MaxText))
	if _, err := time.Parse(time.DateOnly, r.Date); err != nil {
		all.add("date", fmt.Sprintf("%.20q is no date", r.Date), "one in quotes, as in \"2026-11-01\"")
	}
	r.packageProblems(&all)
	r.userProblems(&all)
	r.fileProblems(&all)
	r.processProblems(&all)
	for i, c := range r.Changelog {
		all.check(fmt.Sprintf("changelog[%d].version", i), linkspan.ValidateVersion(c.Version), "a version, as in 1.4.0")
	}
	all.when(len(r.Changelog) > 0 && r.Changelog[0].Version != r.Version, "changelog[0].version", "it is not the version of the recipe", r.Version)
	return all
}

func (r *Recipe) packageProblems(all *found) {
	all.when(len(r.Packages) > maxPackages, "packages", "they are too many", fmt.Sprintf("at most %d", maxPackages))
	for i, p := range r.Packages {
		all.when(!packageName.MatchString(p), fmt.Sprintf("packages[%d]", i), fmt.Sprintf("%.64q is not the name of a package", p), "a name of Debian's, as in dnsmasq-base; versions are in the lock file")
	}
	for i, p := range r.LeaveOut.Packages {
		all.when(!packageName.MatchString(p), fmt.Sprintf("leaveOut.packages[%d]", i), fmt.Sprintf("%.64q is not the name of a package", p), "a name of Debian's")
	}
	for i, p := range r.LeaveOut.Paths {
		all.when(!strings.HasPrefix(p, "/") || strings.Count(p, "*") > 8, fmt.Sprintf("leaveOut.paths[%d]", i), fmt.Sprintf("%.64q is not a path", p), "an absolute path, with at most 8 *")
	}
}

func (r *Recipe) userProblems(all *found) {
	ids := make(map[int]string)
	user := func(at, name string, id int) {
		all.when(!userName.MatchString(name), at+".name", fmt.Sprintf("%.64q is not a name", name), "small letters, digits, '_' and '-'")
		all.when(id < 1 || id > 65533, at+".id", fmt.Sprintf("%d is out of range", id), "1 to 65533")
		all.when(ids[id] != "", at+".id", fmt.Sprintf("%d is the one of %s", id, ids[id]), "another one")
		ids[id] = name
	}
	for i, g := range r.Groups {
		user(fmt.Sprintf("groups[%d]", i), g.Name, g.ID)
	}
	for i, u := range r.Users {
		at := fmt.Sprintf("users[%d]", i)
		user(at, u.Name, u.ID)
		for _, v := range []string{u.Home, u.Shell} {
			all.when(v != "" && (!path.IsAbs(v) || strings.ContainsAny(v, ":\n")), at, fmt.Sprintf("%.64q is not a path", v), "an absolute path")
		}
	}
}

func (r *Recipe) fileProblems(all *found) {
	all.when(len(r.Files)+len(r.Directories)+len(r.Links)+len(r.Programs) > maxItems, "files", "there are too many", fmt.Sprintf("at most %d files, folders, links and programs", maxItems))
	for i, d := range r.Directories {
		at := fmt.Sprintf("directories[%d]", i)
		all.path(at+".path", d.Path)
		all.mode(at, d.Mode)
	}
	for i, f := range r.Files {
		at := fmt.Sprintf("files[%d]", i)
		all.path(at+".path", f.Path)
		all.mode(at, f.Mode)
		all.when(f.Text != "" && f.From != "", at, "text and from are both there", "one of them")
		if f.From != "" {
			all.beside(at+".from", f.From)
		}
	}
	for i, l := range r.Links {
		at := fmt.Sprintf("links[%d]", i)
		all.path(at+".path", l.Path)
		all.when(l.To == "" || len(l.To) > linkspan.MaxText, at+".to", "it leads nowhere", "a path")
	}
	for i, p := range r.Programs {
		r.programProblems(all, fmt.Sprintf("programs[%d]", i), p)
	}
}

func (r *Recipe) programProblems(all *found, at string, p Program) {
	all.path(at+".path", p.Path)
	given := 0
	for _, from := range []string{p.From, p.Go} {
		if from != "" {
			given++
			all.beside(at, from)
		}
	}
	if p.Own != "" {
		given++
		_, known := own[p.Own]
		all.when(!known, at+".own", fmt.Sprintf("%.64q is none of Linkspan's", p.Own), "ask, frr, init or monitor")
	}
	all.when(given != 1, at, "it has to say where the program is from", "one of from, own and go")
}

func (f *found) mode(at, text string) {
	f.when(text != "" && !mode.MatchString(text), at+".mode", fmt.Sprintf("%.20q is not a mode", text), "octal digits in quotes, as in \"0644\"")
}

func (r *Recipe) processProblems(all *found) {
	for i, p := range r.Init {
		at := fmt.Sprintf("init[%d]", i)
		all.when(!processName.MatchString(p.Name), at+".name", fmt.Sprintf("%.64q is not a name", p.Name), "small letters, digits and '-'")
		all.when(len(p.Command) == 0 || !path.IsAbs(p.Command[0]), at+".command", "it does not begin with the path of a program", "as in [/usr/sbin/lldpd, -d]")
	}
	for name := range r.Environment {
		all.when(!variable.MatchString(name), "environment", fmt.Sprintf("%.64q is not a variable", name), "letters, digits and '_'")
	}
	all.when(r.StopSignal != "" && !stopSignal.MatchString(r.StopSignal), "stopSignal", fmt.Sprintf("%.20q is not a signal", r.StopSignal), "as in SIGTERM")
	if r.WorkingDirectory != "" {
		all.path("workingDirectory", r.WorkingDirectory)
	}
	all.when(len(r.Init) > 0 && len(r.Entrypoint) > 0, "entrypoint", "init starts what the image runs", "one of entrypoint and init")
}

// Octal returns a mode, and other where none is given. It must be valid.
func Octal(text string, other uint32) uint32 {
	n, err := strconv.ParseUint(text, 8, 32)
	if err != nil {
		return other
	}
	return uint32(n)
}
