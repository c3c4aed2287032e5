// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/rpc/rpctest"
	"github.com/linkspan/linkspan/nos/tool"
)

// drawer is files in memory.
type drawer map[string]string

func (d drawer) Read(name string) ([]byte, error) {
	text, ok := d[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (d drawer) Write(name string, text []byte) error { d[name] = string(text); return nil }

// login begins a shell of a role.
func login(t testing.TB, w *rpctest.World, role string, files Files) *Shell {
	t.Helper()
	c := w.As(t, role)
	s, err := New(t.Context(), Options{Config: c.Config, Operate: c.Operate, Files: files})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func world(t testing.TB) *rpctest.World {
	return rpctest.New(t, func(o *rpc.Options) {
		o.Run = func(_ context.Context, c tool.Command, each func(string) error) error {
			return each(c.Program + " " + strings.Join(c.Args, " "))
		}
	})
}

// run carries out a text and returns what it prints.
func run(t testing.TB, w *rpctest.World, text string) (string, error) {
	t.Helper()
	s := login(t, w, "admin", drawer{"new.yaml": "system:\n  hostname: loaded\n"})
	defer s.Close()
	var b bytes.Buffer
	err := s.Run(t.Context(), text, &b)
	return b.String(), err
}

// The line of the issue, and what follows from it.
func TestOneLine(t *testing.T) {
	w := world(t)
	for _, c := range []struct{ line, want string }{
		{"configure; set system hostname edge1; commit comment why", "Revision 1 runs.\n"},
		{"config; se vl 10 d 'big; offices | 2'; comm", "Revision 2 runs.\n"},
		{"show configuration", "system:\n  hostname: edge1\nvlans:\n  10:\n    description: \"big; offices | 2\"\n"},
		{"show configuration vlans 10", "description: \"big; offices | 2\"\n"},
		{"show configuration vlans 10 description", "big; offices | 2\n"},
		{"sh conf | set", "set system hostname edge1\nset vlans 10 description \"big; offices | 2\"\n"},
		{"show conf | set | include vlans | count", "1\n"},
		{"show conf | set | exclude vlans", "set system hostname edge1\n"},
		{"show conf | begin vlans | count", "3\n"},
		{"show revision 1 | set", "set system hostname edge1\n"},
		{"show vlan 10 | json", "[\n  {\n    \"vlan\": 10,\n    \"ports\": [\n      \"eth1\"\n    ]\n  }\n]\n"},
		{"show vlan", "VLAN  PORTS\n  10  eth1\n"},
		{"configure; edit vlans 10; set description small; compare; top; discard; exit", "  vlans:\n    10:\n-     description: \"big; offices | 2\"\n+     description: small\n"},
		{"configure; delete vlans 10 description; compare commands; exit discard", "delete vlans 10 description\n"},
		{"configure; delete vlans; show | set; run show configuration vlans | set; exit; exit", "set system hostname edge1\nset 10 description \"big; offices | 2\"\n1 change not committed: commit, or type exit once more to lose that.\n"},
		{"configure; commit", "There is nothing to commit.\n"},
		{"configure; set vlans 30; commit check; exit discard", "The candidate is right. A commit does:\n  set vlans 30\n"},
		{"configure; rollback 1; compare commands; commit confirm 5 comment back again; confirm", "The candidate is revision 1, with 1 change to what runs. Commit it to make it run.\ndelete vlans\nRevision 3 runs. It goes back after 5 min unless you type confirm.\nConfirmed.\n"},
		{"configure; load new.yaml; commit; show | json", "1 change; compare shows what.\nRevision 4 runs.\n{\n  \"system\": {\n    \"hostname\": \"loaded\"\n  }\n}\n"},
		{"configure; set system hostname tmp; commit confirm 1\nreturn", "Revision 5 runs. It goes back after 1 min unless you type confirm.\nRevision 6 runs, which is revision 4 again.\n"},
		{"ping 192.0.2.1 count 3 size 100 source eth0", "ping -n -c 3 -s 100 -i 1.000 -I eth0 -- 192.0.2.1\n"},
		{"trace 192.0.2.1 hops 3; tcpdump eth0 count 1 filter icmp or port 53", "traceroute -n -w 2 -q 2 -m 3 -- 192.0.2.1\ntcpdump -n -l -i eth0 -c 1 -- icmp or port 53\n"},
		{"# nothing\n\n;;", ""},
		{"configure; lock; show sessions", ""},
	} {
		got, err := run(t, w, c.line)
		switch {
		case c.line == "configure; lock; show sessions":
			if err == nil {
				t.Error("show sessions is read as a path")
			}
		case err != nil || got != c.want:
			t.Errorf("%s: %q, %v", c.line, got, err)
		}
	}
}

// A command that fails ends the line, and the error says which.
func TestWhatFails(t *testing.T) {
	w := world(t)
	for line, want := range map[string]string{
		"configure; set system hostname edge1": "1 change not committed",
		"configure; set vlans 5000; commit":    `set vlans 5000: vlans: "5000" is not valid: expected VLAN id 1 to 4094`,
		"frobnicate":                           `there is no "frobnicate"`,
		"show":                                 "the command is not complete",
		"s":                                    "",
		"c":                                    `"c" is ambiguous: expected one of configure, confirm`,
		"show configuration | json | set":      "set can only come first",
		"show configuration | include '['":     "error parsing regexp",
		"show configuration |":                 "the command is not complete",
		"show vlan | set":                      "no form of commands",
		"ping":                                 "expected HOST",
		"ping -f":                              `"-f" is not a host`,
		"ping 192.0.2.1 size 0":                `size: "0" is no number above 0`,
		"ping 192.0.2.1 count x":               `count: "x" is no number`,
		"ping 192.0.2.1 | json":                "no other form",
		"configure; commit confirm 0":          "is no number of minutes",
		"configure; rollback 9":                "there is no revision 9",
		"configure; load nothing":              "file does not exist",
		"configure; load terminal":             "nothing to load from here",
		"attach routing":                       "needs a terminal",
		"configure; set system banner \"open":  "quotes are not closed",
		"confirm":                              "nothing is to be confirmed",
		"configure; delete":                    "all of it",
		"configure; set ports eth1 mode acess": "acess",
		"configure; edit vlans 10; set description a b":             "a word too many",
		strings.Repeat("x", MaxLine+1):                              "at most",
		"configure; set interfaces eth0 address 192.0.2.999/24":     "192.0.2.999/24",
		"configure; set system users eve password-hash nothing":     "(hidden)",
		"configure; set vlans 7; commit comment " + long("x", 1025): "at most 1024 bytes",
	} {
		got, err := run(t, w, line)
		if want == "" && err != nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %q, %v", line, got, err)
		}
	}
	until(t, "all sessions have ended", func() bool { return len(w.Manager.Sessions()) == 0 })
	if n := w.Manager.Number(); n != 0 {
		t.Errorf("revision %d runs", n)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not in time: " + what)
		}
	}
}

func long(text string, n int) string { return strings.Repeat(text, n) }

func TestRolesInTheShell(t *testing.T) {
	w := world(t)
	viewer := login(t, w, "viewer", nil)
	for _, line := range []string{"configure", "tcpdump eth0", "confirm", "return"} {
		if err := viewer.Run(t.Context(), line, new(bytes.Buffer)); linkspan.CodeOf(err) != linkspan.Permission {
			t.Errorf("a viewer: %s: %v", line, err)
		}
	}
	if err := viewer.Run(t.Context(), "show audit", new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), `there is no "audit"`) {
		t.Errorf("a viewer is offered the audit log: %v", err)
	}
	operator := login(t, w, "operator", nil)
	err := operator.Run(t.Context(), "configure; set system users eve role admin", new(bytes.Buffer))
	if linkspan.CodeOf(err) != linkspan.Permission || !strings.Contains(err.Error(), "system users eve") {
		t.Errorf("an operator: %v", err)
	}
}

func TestSave(t *testing.T) {
	w := world(t)
	files := drawer{}
	s := login(t, w, "admin", files)
	if err := s.Run(t.Context(), "configure; set vlans 10; save a.set; save a.json; save a.yaml; exit discard", new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
	if files["a.set"] != "set vlans 10\n" || !json.Valid([]byte(files["a.json"])) || !strings.HasPrefix(files["a.yaml"], "vlans:") {
		t.Errorf("%q", files)
	}
}

// Everything that the shell does is a call that others can make: what it leaves is the same.
func TestWhatTheShellDoesIsInTheAuditLog(t *testing.T) {
	w := world(t)
	if _, err := run(t, w, "show vlan; ping 192.0.2.1; configure; set vlans 10; commit comment why"); err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, e := range w.Audit.Entries() {
		texts = append(texts, string(e.Kind)+" "+e.Text)
	}
	got := strings.Join(texts, "\n")
	for _, want := range []string{"command show vlan", "command ping 192.0.2.1", "call change: set vlans 10", "call commit comment why"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func FuzzRun(f *testing.F) {
	f.Add("configure; set system hostname edge1; commit comment why")
	f.Add("show vlan | include 1 | count")
	f.Add(`show configuration "vlans`)
	w := world(f)
	f.Fuzz(func(t *testing.T, line string) {
		s := login(t, w, "viewer", nil)
		defer s.Close()
		var b bytes.Buffer
		if err := s.Run(t.Context(), line, &b); err != nil && errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		for _, r := range b.String() {
			if control(r) && r != '\n' {
				t.Fatalf("%q prints %q", line, b.String())
			}
		}
		if _, err := s.complete(t.Context(), line); err != nil && err.Error() == "" {
			t.Fatal("an error without words")
		}
	})
}
