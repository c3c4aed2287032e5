// SPDX-License-Identifier: Apache-2.0

package test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan/test/harness"
)

func TestExitStatus(t *testing.T) {
	l := shared(t)
	for _, c := range []struct {
		args   string
		status int
		words  string
	}{
		{"network ls", 0, ""},
		{"version", 0, ""},
		{"network inspect nobody", 1, "nobody"},
		{"network rm nobody", 1, "nobody"},
		{"network create --subnet 10.64.0.0/33 x", 1, "10.64.0.0/33"},
		{"network create --subnet fd00::/64 x", 1, "--ipv6"},
		{"network create --subnet 10.64.0.0/24 --idle 1ms x", 1, "idle"},
		{"endpoint inspect nobody", 1, "nobody"},
		{"switch inspect nobody", 1, "nobody"},
		{"route ls --network nobody", 1, "nobody"},
		{"version --format {{.Nothing}}", 1, "Nothing"},
		{"network create x", 2, "subnet"},
		{"network create --subnet 10.64.0.0/24", 2, "network create --help"},
		{"network frobnicate", 2, "frobnicate"},
		{"frobnicate", 2, "frobnicate"},
		{"network ls --frobnicate", 2, "frobnicate"},
		{"network ls extra", 2, "network ls --help"},
		{"network ls -o xml", 2, "xml"},
		{"network create --subnet 10.64.0.0/24 --idle soon x", 2, "soon"},
		{"serve switch extra", 2, "serve switch --help"},
	} {
		t.Run(c.args, func(t *testing.T) {
			r := l.TryCLI(strings.Fields(c.args)...)
			if r.Exit != c.status || !strings.Contains(r.Err, c.words) {
				t.Errorf("want exit status %d and %q; %v", c.status, c.words, r)
			}
			if c.status != 0 && r.Out != "" {
				t.Errorf("what went wrong belongs on standard error: %v", r)
			}
		})
	}
}

func TestOutputForms(t *testing.T) {
	l := shared(t)
	l.Network(t, "forms", "10.65.0.0/24", "--label", "a=b")
	l.Run(t, "h1", "forms1", "--network", "forms")
	type row struct {
		Name, Subnet string
		Endpoints    int
		Labels       map[string]string
	}
	want := row{"forms", "10.65.0.0/24", 1, map[string]string{"a": "b"}}
	read := map[string]func([]byte, any) error{"json": json.Unmarshal, "yaml": yaml.Unmarshal}
	for form, unmarshal := range read {
		var rows []row
		if err := unmarshal([]byte(l.CLI(t, "network", "ls", "-o", form)), &rows); err != nil {
			t.Errorf("%s: %v", form, err)
		}
		if !slices.ContainsFunc(rows, func(r row) bool {
			return r.Name == want.Name && r.Subnet == want.Subnet && r.Endpoints == 1 && r.Labels["a"] == "b"
		}) {
			t.Errorf("network ls -o %s: %+v", form, rows)
		}
	}
	for args, words := range map[string][]string{
		"network ls":                        {"NETWORK ID", "NAME", "SUBNET", "forms", "10.65.0.0/24"},
		"network ls -q --filter name=forms": {"0000"},
		"network ls --no-trunc":             {"CREATOR", "forms"},
		"network ls --format {{.Name}}":     {"forms"},
		"network inspect forms":             {`"Name": "forms"`, "forms1"},
		"network inspect forms -o yaml":     {"Name: forms", "container: forms1"},
		"endpoint ls --network forms":       {"CONTAINER", "forms1", "h1", "attached"},
		"endpoint inspect h1/forms1.forms":  {`"container": "forms1"`},
		"endpoint inspect forms1":           {`"container": "forms1"`},
		"switch ls":                         {"SWITCH", "h1", "h2", "connected"},
		"event ls --limit 1000":             {"network.created", "forms", "admin root"},
		"event ls -o yaml":                  {"kind:"},
		"doctor":                            {"ok", "store", "2 of 2 connected"},
		"version":                           {"linkspan", "go1."},
		"version -o json":                   {`"version"`},
		"__complete network rm ":            {"forms"},
		"__complete endpoint ls --switch ":  {"h1", "h2"},
		"__complete network inspect fo":     {"forms"},
	} {
		argv := strings.Fields(args)
		if strings.HasSuffix(args, " ") {
			argv = append(argv, "")
		}
		if out := l.CLI(t, argv...); !hasAll(out, words) {
			t.Errorf("linkspan %s lacks one of %q:\n%s", args, words, out)
		}
	}
	checkQuiet(t, strings.Split(l.CLI(t, "network", "ls", "-q"), "\n"))
}

func checkQuiet(t *testing.T, names []string) {
	t.Helper()
	for _, n := range names {
		if strings.Contains(n, " ") {
			t.Errorf("-q prints more than a name: %q", n)
		}
	}
}

func TestCompletionScripts(t *testing.T) {
	l := shared(t)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if out := l.CLI(t, "completion", shell); !strings.Contains(out, "linkspan") || len(out) < 1000 {
			t.Errorf("completion %s is no script:\n%.200s", shell, out)
		}
	}
}

// TestHelp reads the help of every command that there is.
func TestHelp(t *testing.T) {
	l := shared(t)
	verbs := 0
	var read func(path []string)
	read = func(path []string) {
		help := l.CLI(t, append(slices.Clone(path), "--help")...)
		name := strings.Join(append([]string{"linkspan"}, path...), " ")
		below := harness.Commands(help)
		if !strings.Contains(help, "Usage:\n  "+name) {
			t.Errorf("%s --help is not its help:\n%s", name, help)
		}
		for _, c := range below {
			if c != "help" && c != "completion" { // cobra's own
				read(append(slices.Clone(path), c))
			}
		}
		if len(below) > 0 {
			return
		}
		verbs++
		if _, examples, ok := strings.Cut(help, "Examples:\n"); !ok || !strings.Contains(examples, name) {
			t.Errorf("%s --help has no example:\n%s", name, help)
		}
	}
	read(nil)
	if verbs < 15 {
		t.Errorf("%d commands were found", verbs)
	}
}
