// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
)

// typed is what came of a command line.
type typed struct {
	status   int
	out, err string
}

// typeIn types a command line, in this process.
func typeIn(t *testing.T, args ...string) typed {
	t.Helper()
	var out, err bytes.Buffer
	status := run(t.Context(), args, streams{strings.NewReader(""), &out, &err})
	return typed{status, out.String(), err.String()}
}

// wants checks the exit status and where the words went.
func (r typed) wants(t *testing.T, status int, says string) {
	t.Helper()
	if r.status != status {
		t.Errorf("got status %d, want %d\n%s%s", r.status, status, r.out, r.err)
	}
	text := r.err
	if status == exitDone {
		text = r.out
	} else if r.out != "" {
		t.Errorf("a failure prints %q", r.out)
	}
	if !strings.Contains(text, says) {
		t.Errorf("got %q, want it to say %q", text, says)
	}
}

// commands returns all that can be typed, hidden ones too, with their words.
func commands() map[string]*cobra.Command {
	all := make(map[string]*cobra.Command)
	root := newRoot(streams{})
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		all[strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), "linkspan"))] = c
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return all
}

func isGroup(c *cobra.Command) bool { return c.HasSubCommands() }

func TestEveryCommandExplainsItself(t *testing.T) {
	for words, c := range commands() {
		t.Run("linkspan "+words, func(t *testing.T) {
			if c.Short == "" && !c.Hidden {
				t.Error("no short description")
			}
			if c.Example == "" && !isGroup(c) && !c.Hidden {
				t.Error("no example")
			}
			for _, line := range strings.Split(c.Example, "\n") {
				if line != "" && (!strings.HasPrefix(line, "  ") || !strings.Contains(line, "linkspan")) {
					t.Errorf("example %q", line)
				}
			}
			help := typeIn(t, append(strings.Fields(words), "--help")...)
			help.wants(t, exitDone, "Usage:")
			if help.err != "" {
				t.Errorf("help complains: %s", help.err)
			}
		})
	}
}

func TestExamplesAreUnderstood(t *testing.T) {
	quoted := regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`) // a word, as a shell has it
	for words, c := range commands() {
		for _, line := range strings.Split(c.Example, "\n") {
			line, _, _ = strings.Cut(strings.TrimSpace(line), "   ") // what follows explains
			_, line, ok := strings.Cut(line, "linkspan ")
			if !ok {
				continue
			}
			line, _, _ = strings.Cut(line, " > ")
			line, _, _ = strings.Cut(line, " && ")
			var args []string
			for _, word := range quoted.FindAllString(line, -1) {
				args = append(args, strings.NewReplacer(`"`, "", "'", "").Replace(word))
			}
			found, rest, err := newRoot(streams{}).Find(args)
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err == nil {
				err = found.ValidateArgs(found.Flags().Args())
			}
			if err != nil || isGroup(found) {
				t.Errorf("%s: example %q: %v", words, line, err)
			}
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for words, c := range commands() {
		t.Run("linkspan "+words, func(t *testing.T) {
			args := strings.Fields(words)
			typeIn(t, append(args, "--no-such-flag")...).wants(t, exitUsage, c.CommandPath()+" --help shows how it is used.")
			if isGroup(c) {
				typeIn(t, append(args, "nonsense")...).wants(t, exitUsage, `has no command "nonsense"`)
				typeIn(t, args...).wants(t, exitDone, "Usage:")
				return
			}
			if c.Args(c, nil) != nil {
				typeIn(t, args...).wants(t, exitUsage, "(s)") // arguments, or flags that are needed
			}
			many := []string{"a", "b", "c", "d"}
			if c.Args(c, many) != nil {
				typeIn(t, append(args, many...)...).wants(t, exitUsage, "--help shows how it is used.")
			}
			if c.Args(c, nil) == nil && c.Args(c, many) == nil && !strings.HasSuffix(c.Use, "...]") {
				t.Error("it takes any arguments, and says so nowhere")
			}
		})
	}
}

func TestWrongUsageOfFlags(t *testing.T) {
	for _, c := range []struct{ line, says string }{
		{"nonsense", `linkspan has no command "nonsense"`},
		{"network create web", `"subnet" not set`},
		{"network create --subnet 10.7.0.0/24 --idle soon web", "invalid argument"},
		{"network create --subnet 10.7.0.0/24 --mtu -1 web", "invalid argument"},
		{"network create --subnet 10.7.0.0/24 --label =x web", `invalid label '=x': empty name`},
		{"network ls -o xml", "output xml is not known"},
		{"network ls -q -o json", "--output and --quiet: only one"},
		{"network ls -o json --format {{.Name}}", "--format and --output: only one"},
		{"event ls --limit many", "invalid argument"},
		{"event ls --limit 0", "--limit must be above 0"},
		{"switch token --ttl 0s", "--ttl must be above 0"},
		{"switch token --ttl never", "invalid argument"},
		{"switch certify tor1", `"csr" not set`},
		{"switch certify --csr tor1.csr tor1", "--underlay is needed"},
		{"serve controller --log-format xml", `log format "xml" is not text or json`},
		{"serve controller --log-level loud", "invalid argument"},
		{"serve controller --metrics= --listen nowhere --state-dir " + t.TempDir(), "--listen: "},
		{"--socket", "flag needs an argument"},
	} {
		t.Run(c.line, func(t *testing.T) {
			typeIn(t, strings.Fields(c.line)...).wants(t, exitUsage, c.says)
		})
	}
}

func TestReport(t *testing.T) {
	cmd := &cobra.Command{Use: "linkspan"}
	hinted := &linkspan.Error{Code: linkspan.InUse, Message: "it is in use", Hint: "let go of it"}
	for _, c := range []struct {
		err    error
		status int
		says   string
	}{
		{nil, exitDone, ""},
		{errors.New("boom"), exitFailed, "linkspan: boom\n"},
		{hinted, exitFailed, "linkspan: it is in use\n  let go of it\n"},
		{fmt.Errorf("rm: %w", hinted), exitFailed, "linkspan: rm: it is in use\n  let go of it\n"},
		{connect.NewError(connect.CodeNotFound, errors.New("no such thing")), exitFailed, "linkspan: no such thing\n"},
		{usageError{errors.New("what?")}, exitUsage, "linkspan: what?\nlinkspan --help shows how it is used.\n"},
		{status(42), 42, ""}, // of a command that was run, which has spoken for itself
		{context.Canceled, exitFailed, ""},
		{fmt.Errorf("watch: %w", context.Canceled), exitFailed, ""},
	} {
		var out bytes.Buffer
		if got := report(&out, cmd, c.err); got != c.status || out.String() != c.says {
			t.Errorf("%v: got status %d and %q, want %d and %q", c.err, got, out.String(), c.status, c.says)
		}
	}
}

func TestVersion(t *testing.T) {
	typeIn(t, "version").wants(t, exitDone, "linkspan dev (go")
	typeIn(t, "version", "--format", "{{.Version}}").wants(t, exitDone, "dev\n")
	typeIn(t, "version", "-o", "yaml").wants(t, exitDone, "version: dev\n")
	typeIn(t, "version", "--format", "{{.Nope}}").wants(t, exitFailed, "--format")
}
