// SPDX-License-Identifier: Apache-2.0

package story

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// line is a command that a text tells people to type.
type line struct {
	where string
	text  string
}

// remark is what stands behind a command, set off by some spaces.
var remark = regexp.MustCompile(`\s{3,}.*$`)

// typed returns the commands in the indented lines of a text.
func typed(where, text, indent string) []line {
	var list []line
	for l := range strings.Lines(text) {
		l, indented := strings.CutPrefix(strings.TrimRight(l, "\n"), indent)
		if !indented {
			continue
		}
		l = remark.ReplaceAllString(strings.TrimPrefix(l, "$ "), "")
		for command := range strings.SplitSeq(l, " && ") {
			if words := strings.Fields(command); len(words) > 1 && (words[0] == "linkspan" || words[0] == "docker") {
				list = append(list, line{where, command})
			}
		}
	}
	return list
}

// documents returns the commands of README and guide.
func documents(t *testing.T, repo string) []line {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repo, "docs", "guide", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	var list []line
	for _, file := range append([]string{filepath.Join(repo, "README.md")}, files...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, typed(filepath.Base(file), string(text), "    ")...)
	}
	if len(list) < 20 {
		t.Errorf("%d commands were found in README and guide", len(list))
	}
	return list
}

// TestCommandsParse checks every command of README, guide and help texts against
// the program that it names.
func TestCommandsParse(t *testing.T) {
	h := home(t)
	list := append(documents(t, h.Repo), examples(t, h, nil)...)
	list = append(list, units(t, h.Repo)...)
	for _, l := range list {
		if err := parses(h, l.text); err != nil {
			t.Errorf("%s: %s\n%v", l.where, l.text, err)
		}
	}
	t.Logf("%d commands", len(list))
}

// units returns what the shipped units start.
func units(t *testing.T, repo string) []line {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(repo, "deploy", "*.service"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("units are %v, %v", paths, err)
	}
	var list []line
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, command, ok := strings.Cut(string(text), "\nExecStart=/usr/local/bin/")
		if !ok {
			t.Errorf("%s starts nothing of ours", path)
			continue
		}
		command, _, _ = strings.Cut(command, "\n")
		list = append(list, line{where: path, text: command})
	}
	return list
}

// examples returns the commands in the examples of a command's help and of those
// below it.
func examples(t *testing.T, h *harness.Home, path []string) []line {
	t.Helper()
	name := strings.Join(append([]string{"linkspan"}, path...), " ")
	help := must(t, h, append(append([]string{"linkspan"}, path...), "--help")...)
	var list []line
	if _, text, ok := strings.Cut(help, "Examples:\n"); ok {
		text, _, _ = strings.Cut(text, "\n\n")
		list = typed(name+" --help", text, "  ")
	}
	for _, c := range harness.Commands(help) {
		if c != "help" && c != "completion" {
			list = append(list, examples(t, h, append(slices.Clone(path), c))...)
		}
	}
	return list
}

// parses asks the program for help in the midst of the command: it reads all
// flags before it answers, and refuses those that it does not know.
func parses(h *harness.Home, command string) error {
	command, _, _ = strings.Cut(command, " > ")
	words := strings.Fields(command)
	at := verb(h, words)
	argv := slices.Insert(slices.Clone(words), at, "--help")
	r := h.Try(argv...)
	if r.Exit != 0 {
		return fmt.Errorf("%v", r)
	}
	var path []string
	for _, w := range words[:at] {
		if !strings.HasPrefix(w, "-") {
			path = append(path, w)
		}
	}
	if words[0] == "linkspan" {
		path = withoutValues(words[:at])
	}
	if want := strings.Join(path, " "); !strings.Contains(r.Out, want) {
		return fmt.Errorf("there is no command %q", want)
	}
	return nil
}

// verb returns how many words of the line name the command.
func verb(h *harness.Home, words []string) int {
	if words[0] == "docker" {
		if words[1] == "network" || words[1] == "compose" {
			return 3
		}
		return 2
	}
	at, path := 1, []string{"linkspan"}
	for at < len(words) {
		if words[at] == "--lab" || words[at] == "--socket" {
			at += 2
			continue
		}
		if !slices.Contains(harness.Commands(h.Try(append(slices.Clone(path), "--help")...).Out), words[at]) {
			break
		}
		path = append(path, words[at])
		at++
	}
	return at
}

// withoutValues leaves the names of commands.
func withoutValues(words []string) []string {
	var path []string
	for i := 0; i < len(words); i++ {
		if strings.HasPrefix(words[i], "--") {
			i++
			continue
		}
		path = append(path, words[i])
	}
	return path
}
