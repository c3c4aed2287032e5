// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/script"
	"github.com/linkspan/linkspan/nos/tree"
)

// anyHost is a host that can do all.
type anyHost struct{}

func (anyHost) Plan(context.Context, *tree.Tree, *tree.Tree) (config.Plan, error) {
	return anyPlan{}, nil
}
func (anyHost) Drift(context.Context, *tree.Tree) ([]config.Drift, error) { return nil, nil }

type anyPlan struct{}

func (anyPlan) Steps() []string              { return nil }
func (anyPlan) Apply(context.Context) error  { return nil }
func (anyPlan) Verify(context.Context) error { return nil }
func (anyPlan) Undo(context.Context) error   { return nil }

func manager(t *testing.T, dir, boot string) *config.Manager {
	t.Helper()
	disk, err := config.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = disk.Close() })
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	m, err := config.Open(config.Options{Disk: disk, Host: anyHost{}, Schema: s, BootID: boot})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func commands(m *config.Manager) string {
	return strings.TrimSpace(string(m.Running().Text(tree.Commands, tree.Show)))
}

// byHand commits what a person types.
func byHand(t *testing.T, m *config.Manager, path ...string) {
	t.Helper()
	s := m.Edit(config.Author{Who: "ann", How: "shell"})
	defer s.Close()
	if err := s.Change(func(t *tree.Tree) (*tree.Tree, error) { return t.Set(path...) }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), config.Commit{}); err != nil {
		t.Fatal(err)
	}
}

var (
	one = script.Change{Script: "branch", Epoch: 1, Serial: 1, After: []string{"set vlans 10 description offices", "set vlans 20 description labs"}}
	two = script.Change{Script: "branch", Epoch: 1, Serial: 2, Before: one.After, After: []string{"set vlans 10 description rooms", "set vlans 30"}}
)

// TestConfiguration has scripts change what they set, and nothing that a person did.
func TestConfiguration(t *testing.T) {
	ctx := t.Context()
	m := manager(t, t.TempDir(), "a")
	c := script.Configuration{Manager: m}
	byHand(t, m, "vlans", "40", "description", "mine")
	if err := c.Apply(ctx, one, time.Hour); err != nil {
		t.Fatal(err)
	}
	if p, pending := m.Pending(); !pending || p.By.How != "script" {
		t.Errorf("%+v", p)
	}
	for range 2 {
		if err := c.Commit(ctx, one); err != nil {
			t.Fatal(err)
		}
	}
	if _, pending := m.Pending(); pending {
		t.Error("it is not kept")
	}
	lines, err := c.Plan(ctx, two)
	if err != nil || !slices.Equal(lines, []string{"set vlans 10 description rooms", "delete vlans 20", "set vlans 30"}) {
		t.Errorf("%q, %v", lines, err)
	}
	before := commands(m)
	if err := c.Apply(ctx, two, time.Hour); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Return(ctx, two); err != nil {
			t.Fatal(err)
		}
	}
	if got := commands(m); got != before {
		t.Errorf("it did not return:\n%s", got)
	}
	if err := c.Apply(ctx, two, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := c.Commit(ctx, two); err != nil {
		t.Fatal(err)
	}
	if got := commands(m); got != "set vlans 10 description rooms\nset vlans 30\nset vlans 40 description mine" {
		t.Error(got)
	}
	if err := c.Return(ctx, two); err != nil || !strings.Contains(commands(m), "vlans 30") {
		t.Errorf("what is kept returned: %v", err)
	}
}

// TestAfterReboot has a configuration that was decided on, and that returned as the machine started
// again: it is made once more.
func TestAfterReboot(t *testing.T) {
	ctx, dir := t.Context(), t.TempDir()
	m := manager(t, dir, "a")
	if err := (script.Configuration{Manager: m}).Apply(ctx, one, time.Hour); err != nil {
		t.Fatal(err)
	}
	m = manager(t, dir, "b")
	if err := m.Boot(ctx); err != nil {
		t.Fatal(err)
	}
	if got := commands(m); got != "" {
		t.Errorf("it did not return: %s", got)
	}
	c := script.Configuration{Manager: m}
	if err := c.Return(ctx, one); err != nil || commands(m) != "" {
		t.Errorf("%v", err)
	}
	if err := c.Commit(ctx, one); err != nil || !strings.Contains(commands(m), "labs") {
		t.Errorf("%v: %s", err, commands(m))
	}
}

func TestConfigurationRefused(t *testing.T) {
	m := manager(t, t.TempDir(), "a")
	c := script.Configuration{Manager: m}
	for _, line := range []string{"set vlans 5000", "set nothing", "set vlans", `set vlans "10`, "set vlans 10 description a b", "delete vlans 10"} {
		if _, err := c.Plan(t.Context(), script.Change{Script: "a", After: []string{line}}); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: %v", line, err)
		}
	}
	gone := script.Change{Script: "a", Before: []string{"set services gone by now", "set vlans 10"}, After: []string{"set vlans 20"}}
	if lines, err := c.Plan(t.Context(), gone); err != nil || !slices.Equal(lines, []string{"set vlans 20"}) {
		t.Errorf("%q, %v", lines, err)
	}
}

func TestCheckLines(t *testing.T) {
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	wrong, unjudged := script.CheckLines(s, []string{
		"set vlans 10 description offices", "set vlans 5000", "set vlans 10 colour red", "set somewhere else", `set vlans 10 description "a`,
	})
	if len(wrong) != 3 || wrong[0].Path != "spec.configuration[1]" || !strings.Contains(wrong[0].Message, "5000") || wrong[0].Want == "" {
		t.Errorf("%q", wrong)
	}
	if len(unjudged) != 1 || unjudged[0] != "set somewhere else" {
		t.Errorf("%q", unjudged)
	}
	brought, err := s.Mount(schema.Source{Name: "ospf.yaml", Place: "/", Text: []byte("nodes:\n  somewhere: {type: string, range: 1..9, help: A place, example: else}\n")})
	if err != nil {
		t.Fatal(err)
	}
	if wrong, unjudged := script.CheckLines(brought, []string{"set somewhere else"}); wrong != nil || unjudged != nil {
		t.Errorf("%q, %q", wrong, unjudged)
	}
}
