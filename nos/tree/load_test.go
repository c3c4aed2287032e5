// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

func TestLoadSaysWhereItIsWrong(t *testing.T) {
	for _, c := range []struct {
		form             Form
		text             string
		line, column     int
		message, expects string
	}{
		{Commands, "set vlans 10\nset vlans 5000", 2, 11, `"5000" is not valid`, "VLAN id 1 to 4094"},
		{Commands, "# all\n\n  set system hostnam x", 3, 14, `there is no "hostnam"`, "one of banner"},
		{Commands, "set system hostname", 1, 12, "something is missing", "hostname"},
		{Commands, "set", 1, 1, "something is missing", "one of"},
		{Commands, "show vlans", 1, 1, `there is no command "show"`, "set or delete"},
		{Commands, "delete vlans 10", 1, 1, "a configuration that is loaded has nothing to delete: merge it", ""},
		{Commands, "set system banner \"x", 1, 19, "the quotes are not closed", ""},
		{Commands, "set system banner \xff", 1, 19, "the text is not UTF-8", ""},
		{YAML, "vlans:\n  10:\n    descriptio: x", 3, 5, `there is no "descriptio"`, "one of control, description, interface"},
		{YAML, "vlans:\n  5000: {}", 2, 3, `"5000" is not valid`, "VLAN id"},
		{YAML, "vlans:\n  10: {}\n  10: {}", 3, 3, `"10" is there twice`, ""},
		{YAML, "routes:\n  2001:DB8::/32: {blackhole: {}}\n  2001:db8::/32: {blackhole: {}}", 3, 3, `"2001:db8::/32" is there twice`, ""},
		{YAML, "system:\n  hostname: [a, b]", 2, 13, "a list is not valid", "hostname"},
		{YAML, "system:\n  hostname: {a: b}", 2, 13, "a mapping is not valid", "hostname"},
		{YAML, "system:\n  hostname:", 2, 12, "something is missing", "hostname"},
		{YAML, "system:\n  hostname: null", 2, 13, "something is missing", "hostname"},
		{YAML, "system: x", 1, 9, `there is no "x"`, "one of"},
		{YAML, "system: &a {hostname: x}\nvlans: *a", 1, 9, "aliases, anchors and tags are not read", ""},
		{YAML, "system: !!map {}", 1, 9, "aliases, anchors and tags are not read", ""},
		{YAML, "a: b\n---\nc: d", 2, 1, "there is more than one document", ""},
		{YAML, "a: [\n", 1, 1, "the text is not YAML", ""},
		{YAML, "routes: {10.0.0.0/8: {}}", 1, 22, "something is missing", "address of a router"},
		{JSON, "{\n \"vlans\": {\"10\": {\"descriptio\": 1}}}", 2, 19, `there is no "descriptio"`, ""},
		{JSON, `{"vlans": {"10": {}, "10": {}}}`, 1, 22, `"10" is there twice`, ""},
		{JSON, `{"spanning-tree": {"priority": 1.5}}`, 1, 32, `"1.5" is not valid`, "integer 0 to 61440, a multiple of 4096"},
		{JSON, `{"system": {"hostname": null}}`, 1, 25, "something is missing", "hostname"},
		{JSON, `{"system": `, 1, 11, "the text is not JSON: unexpected EOF", ""},
		{JSON, `{"system": {}} x`, 1, 16, "the text is not JSON: there is something after its end", ""},
		{JSON, strings.Repeat("[", 100), 1, 66, "the text is not JSON: it is nested deeper than 64", ""},
	} {
		_, err := New(base(t)).Load(c.form, []byte(c.text))
		var p *Problem
		if !errors.As(err, &p) {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if p.Line != c.line || p.Column != c.column || !strings.HasPrefix(p.Message, c.message) || !strings.HasPrefix(p.Expected, c.expects) {
			t.Errorf("%s\n%v", c.text, err)
		}
	}
}

func TestLoadTellsSeveralProblems(t *testing.T) {
	_, err := New(base(t)).Load(Commands, []byte(strings.Repeat("set x\n", 1000)))
	var p Problems
	if !errors.As(err, &p) || len(p) != MaxProblems {
		t.Errorf("%d problems", len(p))
	}
}

func TestMergeKeepsWhatItDoesNotSay(t *testing.T) {
	a := of(t, base(t), "set vlans 10 description x", "set system dns server 192.0.2.1")
	for _, text := range []string{
		"delete vlans 10 description\nset vlans 20\nset system dns server 192.0.2.2",
		"vlans: {20: , 10: {description: y}}\nsystem: {dns: {server: [192.0.2.2]}}",
		`{"vlans": {"20": {}}, "system": {"dns": {"server": ["192.0.2.2"]}}}`,
	} {
		b, err := a.Merge(Detect([]byte(text)), []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		got := string(b.Text(Commands, Hide))
		if !strings.Contains(got, "set vlans 20\n") || !strings.Contains(got, "set vlans 10") || !strings.Contains(got, "192.0.2.1\nset system dns server 192.0.2.2") {
			t.Errorf("%s\ngives\n%s", text, got)
		}
	}
	if b, err := a.Load(YAML, []byte("# nothing\n")); err != nil || len(b.Text(Commands, Hide)) != 0 {
		t.Errorf("loading nothing: %v", err)
	}
}

func TestMuchTextIsAnswered(t *testing.T) {
	s := base(t)
	var p Problems
	for name, text := range map[string]string{
		"too long":       strings.Repeat("#", MaxText+1),
		"too many parts": "a: [" + strings.Repeat("1,", maxThings+1) + "]",
		"deep":           strings.Repeat("[", 20000),
		"deep mappings":  strings.Repeat("{a: ", 9000),
		"a long word":    "set system hostname " + strings.Repeat("a", MaxText-100),
		"a long name":    strings.Repeat("a", MaxText-100) + ": x",
		"json":           `{"a":` + strings.Repeat("[", 1000000),
	} {
		_, err := New(s).Load(Detect([]byte(text)), []byte(text))
		if !errors.As(err, &p) || len(err.Error()) > 4096 {
			t.Errorf("%s: %.300v", name, err)
		}
	}
	// As many values as a leaf-list can hold, and one more.
	var b strings.Builder
	for i := range MaxValues + 1 {
		b.WriteString("set mirrors m from-port e" + strconv.Itoa(i) + "\n")
	}
	_, err := New(s).Load(Commands, []byte(b.String()))
	if !errors.As(err, &p) || !strings.Contains(err.Error(), "no more can be held") {
		t.Errorf("too many values: %v", err)
	}
}

// Ten megabytes of commands that are right are a configuration.
func TestALargeConfiguration(t *testing.T) {
	var b strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&b, "set ports eth%d description %q\n", i, strings.Repeat("desk ", 41))
	}
	if b.Len() < 9<<20 || b.Len() > MaxText {
		t.Fatalf("%d bytes", b.Len())
	}
	a, err := New(base(t)).Load(Commands, []byte(b.String()))
	if err != nil || a.Root().Child("ports").Len() != 40000 {
		t.Fatal(err)
	}
}

// Whatever text comes, it ends with a tree or with problems that are places in it, and
// what was read says itself.
func FuzzLoad(f *testing.F) {
	s := base(f)
	seed := of(f, s, "set vlans 10 description \"a b\"", "set routes 10.0.0.0/8 192.0.2.1 distance 5", "set system dns server 192.0.2.1 192.0.2.2", "set ports eth1 bond member eth2 eth3")
	for _, form := range []Form{Commands, YAML, JSON} {
		f.Add(string(seed.Text(form, Show)))
	}
	f.Add("delete vlans\nset vlans 10 # x")
	f.Add("a: &a [*a]")
	f.Add("{\"vlans\": {\"10\": null}}")
	f.Fuzz(func(t *testing.T, text string) {
		for _, form := range []Form{Commands, YAML, JSON} {
			got, err := seed.Merge(form, []byte(text))
			var p Problems
			if errors.As(err, &p) {
				for _, one := range p {
					if one.Line > strings.Count(text, "\n")+2 {
						t.Fatalf("%s: %v is not in the text", form, one)
					}
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			again, err := New(s).Load(form, got.Text(form, Show))
			if err != nil || !Equal(got, again) {
				t.Fatalf("%s: %v\n%s", form, err, got.Text(form, Show))
			}
		}
	})
}
