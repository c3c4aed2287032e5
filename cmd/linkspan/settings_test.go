// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
)

// settled is a role's flags after all sources were read.
func settled(t *testing.T, role, file string, args ...string) (*cobra.Command, error) {
	t.Helper()
	root := newRoot(streams{})
	cmd, _, err := root.Find([]string{"serve", role})
	if err != nil {
		t.Fatal(err)
	}
	if file != "" {
		path := filepath.Join(t.TempDir(), "linkspan.yaml")
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := cmd.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	return cmd, settle(cmd, role)
}

func value(t *testing.T, cmd *cobra.Command, flag string) string {
	t.Helper()
	f := cmd.Flags().Lookup(flag)
	if f == nil {
		t.Fatalf("there is no flag %s", flag)
	}
	return f.Value.String()
}

func TestFlagBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	const file = "controller:\n  listen: 192.0.2.1:1\n  openflow: 192.0.2.1:2\n  state-dir: /from/file\n"
	t.Setenv("LINKSPAN_CONTROLLER_LISTEN", "192.0.2.1:3")
	t.Setenv("LINKSPAN_CONTROLLER_OPENFLOW", "")
	t.Setenv("LINKSPAN_SWITCH_STATE_DIR", "/of/another/role")
	cmd, err := settled(t, "controller", file, "--listen", "192.0.2.1:4")
	if err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{
		"listen": "192.0.2.1:4", "openflow": "", "state-dir": "/from/file", "log-format": "text",
	} {
		if got := value(t, cmd, flag); got != want {
			t.Errorf("%s: got %q, want %q", flag, got, want)
		}
	}
}

func TestSettingsOfAFile(t *testing.T) {
	cmd, err := settled(t, "controller", `
controller:
  advertise: [ctl.example.org, "192.0.2.7:8443"]
  state-dir: /srv/linkspan
  log-level: debug
switch:
  bridge: br-x
`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := cmd.Flags().GetStringArray("advertise")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ctl.example.org", "192.0.2.7:8443"}, got); diff != "" {
		t.Error(diff)
	}
	if got := value(t, cmd, "log-level"); got != "DEBUG" {
		t.Errorf("log level %s", got)
	}
	aliased, err := settled(t, "switch", "switch:\n  switch-dir: &dir /srv/x\n  name: *dir\n")
	if err != nil || value(t, aliased, "name") != "/srv/x" {
		t.Errorf("an alias stands for its value: %v", err)
	}
	both, err := settled(t, "all", "controller:\n  listen: :1\nswitch:\n  bridge: br-y\n")
	if err == nil && settle(both, "controller") == nil && settle(both, "switch") == nil {
		if value(t, both, "listen") != ":1" || value(t, both, "bridge") != "br-y" {
			t.Error("both roles of one process have their section")
		}
	} else {
		t.Error(err)
	}
}

func TestSettingsAreRefused(t *testing.T) {
	for what, c := range map[string]struct{ file, says, hint string }{
		"unknown setting":     {"controller:\n  lisen: :1\n", `controller has no setting "lisen"`, "--help"},
		"of another role":     {"controller:\n  bridge: br-x\n", `has no setting "bridge"`, "--help"},
		"of every command":    {"controller:\n  socket: /x\n", `has no setting "socket"`, "--help"},
		"help":                {"controller:\n  help: true\n", `has no setting "help"`, "--help"},
		"another file":        {"controller:\n  config: /x\n", `has no setting "config"`, "--help"},
		"unknown role":        {"gateway:\n  listen: :1\n", `there is no role "gateway"`, "controller, switch and registry"},
		"malformed":           {"controller: [\n", "yaml", ""},
		"no mapping":          {"controller: yes please\n", "yaml", ""},
		"a list of roles":     {"- controller\n", "yaml", ""},
		"a bad value":         {"controller:\n  log-level: loud\n", "line 2", ""},
		"a mapping for value": {"controller:\n  listen: {port: 1}\n", "line 2", ""},
		"twice":               {"controller:\n  listen: :1\n  listen: :2\n", "already defined", ""},
	} {
		t.Run(what, func(t *testing.T) {
			_, err := settled(t, "controller", c.file)
			if err == nil || linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "linkspan.yaml") {
				t.Errorf("got %v, want invalid, %q and the name of the file", err, c.says)
			}
			if !strings.Contains(linkspan.HintOf(err), c.hint) {
				t.Errorf("got hint %q, want %q", linkspan.HintOf(err), c.hint)
			}
		})
	}
}

func TestBadEnvironmentIsNamed(t *testing.T) {
	t.Setenv("LINKSPAN_CONTROLLER_LOG_LEVEL", "loud")
	_, err := settled(t, "controller", "")
	if err == nil || !strings.Contains(err.Error(), "LINKSPAN_CONTROLLER_LOG_LEVEL") || linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("got %v", err)
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := settled(t, "controller", "", "--config", none); err == nil || !strings.Contains(err.Error(), none) {
		t.Errorf("one that was named must be there: %v", err)
	}
	if sections, err := readConfig(none, false); err != nil || len(sections) != 0 {
		t.Errorf("one that nobody named need not be: %v, %v", sections, err)
	}
	if _, err := settled(t, "controller", "controller:\n"); err != nil {
		t.Errorf("an empty section: %v", err)
	}
}
