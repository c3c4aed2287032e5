// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/registry/stick/sticktest"
	"github.com/linkspan/linkspan/trust/sign"
)

// TestScriptGuide types what docs/guide/scripts.md tells, in order, where there are images.
func TestScriptGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/guide/scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	sticktest.Layout(t, "out", "base/routing:1.0", "base/dns-dhcp:1.0")
	ran, lines := 0, strings.Split(string(guide), "\n")
	for i := 0; i < len(lines); i++ {
		line, typed := strings.CutPrefix(lines[i], "    ")
		switch {
		case typed && strings.HasPrefix(line, "cat > "):
			i = writeHere(t, lines, i)
		case typed && strings.HasPrefix(line, "linkspan "):
			r := typeIn(t, strings.Fields(line)[1:]...)
			if r.status != exitDone {
				t.Fatalf("%s: %s%s", line, r.out, r.err)
			}
			ran++
		}
	}
	if ran < 12 {
		t.Errorf("only %d commands were run", ran)
	}
	typeIn(t, "script", "inspect", "branch-1.json", "--root", "root-2.json", "--format", "{{.Trusted}} {{.Serial}} {{.Targets}}").wants(t, exitDone, "yes 1 [sw1 sw2]")
	typeIn(t, "script", "inspect", "branch-1.json", "--root", "root-1.json", "--format", "{{.Trusted}}").wants(t, exitDone, "yes") // ann alone was enough then
	typeIn(t, "script", "inspect", "branch-2.json", "--source").wants(t, exitDone, "apiVersion: linkspan/v1\nkind: Behavior\n")
	if info, err := os.Stat("ann.key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// writeHere writes the file of a here-document and returns its last line.
func writeHere(t *testing.T, lines []string, at int) int {
	t.Helper()
	name := strings.Fields(lines[at])[2]
	var text []string
	for at++; strings.TrimSpace(lines[at]) != "END"; at++ {
		text = append(text, strings.TrimPrefix(lines[at], "    "))
	}
	if err := os.WriteFile(name, []byte(strings.Join(text, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return at
}

const smallScript = `apiVersion: linkspan/v1
kind: Behavior
metadata: {name: small}
spec:
  targets: {labels: {site: a}}
  configuration: [set vlans 10 description offices]
`

func TestScriptLint(t *testing.T) {
	typeIn(t, "script", "lint", file(t, "a.yaml", smallScript)).wants(t, exitDone, "")
	bad := file(t, "bad.yaml", strings.Replace(smallScript, "vlans 10", "vlans 5000", 1))
	typeIn(t, "script", "lint", bad).wants(t, exitFailed, bad+":6:19: vlans: \"5000\" is not valid; expected VLAN id 1 to 4094\n")
	unknown := file(t, "unknown.yaml", strings.Replace(smallScript, "vlans 10 description offices", "somewhere else", 1))
	if r := typeIn(t, "script", "lint", unknown); r.status != exitFailed || !strings.Contains(r.err, "may not set somewhere") {
		t.Errorf("%+v", r)
	}
	brought := file(t, "brought.yaml", strings.Replace(smallScript, "vlans 10 description offices", "protocols ospf area 0", 1))
	if r := typeIn(t, "script", "lint", brought); r.status != exitDone || !strings.Contains(r.err, "not checked, as an image may bring it: set protocols ospf area 0") {
		t.Errorf("%+v", r)
	}
	schema := file(t, "ospf.yaml", "nodes:\n  ospf:\n    help: OSPF\n    nodes:\n      area: {type: integer, range: 0..9, help: Area, example: \"0\"}\n")
	if r := typeIn(t, "script", "lint", "--schema", "/protocols="+schema, brought); r.status != exitDone || r.err != "" {
		t.Errorf("%+v", r)
	}
	typeIn(t, "script", "lint", "--schema", schema, brought).wants(t, exitUsage, "write it as PATH=FILE")
	typeIn(t, "script", "lint", "/nothing/like/that").wants(t, exitFailed, "no such file")
}

func TestScriptSignMistakes(t *testing.T) {
	t.Chdir(t.TempDir())
	typeIn(t, "script", "key", "create", "ann").wants(t, exitDone, "")
	typeIn(t, "script", "key", "create", "ann").wants(t, exitFailed, "it is there already")
	typeIn(t, "script", "key", "create", "eve").wants(t, exitDone, "")
	typeIn(t, "script", "key", "show", "ann.pub").wants(t, exitDone, strings.TrimSpace(typeIn(t, "script", "key", "show", "ann.key").out))
	typeIn(t, "script", "root", "create", "--fleet", "f1", "--root-key", "ann.pub", "--key", "ann.key", "--file", "root.json").wants(t, exitDone, "sha256:")
	name := file(t, "small.yaml", smallScript)
	typeIn(t, "script", "sign", name, "--root", "root.json", "--key", "ann.key", "--file", "a.json").wants(t, exitUsage, "--serial")
	typeIn(t, "script", "sign", name, "--root", "root.json", "--key", "ann.key", "--serial", "1", "--file", "a.json").wants(t, exitUsage, "name them with --target")
	sign1 := []string{"script", "sign", name, "--root", "root.json", "--serial", "1", "--target", "sw1"}
	if r := typeIn(t, append(sign1, "--key", "eve.key", "--file", "eve.json")...); r.status != exitDone || !strings.Contains(r.err, "does not trust these signatures yet") {
		t.Errorf("%+v", r)
	}
	typeIn(t, append(sign1, "--key", "ann.key", "--file", "a.json")...).wants(t, exitDone, "sha256:")
	typeIn(t, append(sign1, "--key", "ann.key", "--file", "a.json")...).wants(t, exitFailed, "a.json is there already")
	typeIn(t, "script", "export", "eve.json", "usb", "--root", "root.json").wants(t, exitFailed, "not signed by enough of the keys")
	typeIn(t, "script", "export", "a.json", "usb.tar", "--root", "root.json", "-q").wants(t, exitDone, "")
	typeIn(t, "script", "export", "a.json", "usb.tar", "--root", "root.json").wants(t, exitFailed, "is there already")
	typeIn(t, "script", "import", "usb.tar", "--root", "root.json", "--to", "in", "-q").wants(t, exitDone, "script small, epoch 1, serial 1, for sw1")
	if err := os.Chmod("ann.key", 0o644); err != nil {
		t.Fatal(err)
	}
	typeIn(t, append(sign1, "--key", "ann.key", "--file", "b.json")...).wants(t, exitFailed, "chmod 600")
	if left, _ := filepath.Glob(".*"); left != nil {
		t.Errorf("there is %q", left)
	}
	text, err := os.ReadFile("in/script.json")
	if _, _, peekErr := sign.PeekStatement(text); err != nil || peekErr != nil {
		t.Error(err, peekErr)
	}
}
