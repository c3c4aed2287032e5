// SPDX-License-Identifier: Apache-2.0

package config

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/nos/validate"
)

// Remount gives the configuration another schema, which services have mounted parts in or
// taken them from. What runs stays as it is; the host is not touched. The error
// is InUse when what runs, what is to be returned to, or somebody's candidate has what
// the schema does not; then nothing changes.
func (m *Manager) Remount(ctx context.Context, s *schema.Schema) error {
	v, err := validate.New(s)
	if err != nil {
		return err
	}
	if err := m.take(ctx); err != nil {
		return err
	}
	defer m.give()
	m.mu.Lock()
	defer m.mu.Unlock()
	if c := m.book.current; c.pending() && c.Confirmed > 0 {
		_, commands, err := m.book.read(c.Confirmed)
		if err == nil {
			_, err = tree.New(s).Load(tree.Commands, commands)
		}
		if err != nil {
			return inUse(fmt.Sprintf("revision %d, which is returned to", c.Confirmed), err)
		}
	}
	running, err := under(s, m.running)
	if err != nil {
		return inUse("the running configuration", err)
	}
	if err := v.All(running); err != nil {
		return inUse("the running configuration", err)
	}
	moved := make(map[*Session][2]*tree.Tree, len(m.sessions))
	for _, e := range m.sessions {
		base, err := under(s, e.base)
		if err != nil {
			return inUse("what "+e.author.String()+" edits", err)
		}
		candidate, err := base.Merge(tree.Commands, commands(tree.Diff(e.base, e.candidate)))
		if err != nil {
			return inUse("what "+e.author.String()+" edits", err)
		}
		if tree.Same(e.base, m.running) { // shares what is the same
			candidate, err = running.Apply(tree.Diff(running, candidate))
			base = running
		}
		if err != nil {
			return inUse("what "+e.author.String()+" edits", err)
		}
		moved[e] = [2]*tree.Tree{base, candidate}
	}
	for e, trees := range moved {
		e.base, e.candidate = trees[0], trees[1]
	}
	m.running, m.validator = running, v
	return nil
}

func inUse(what string, err error) error {
	return &linkspan.Error{Code: linkspan.InUse, Message: what + " has what would go", Hint: "delete it and commit first", Err: err}
}

// under returns a tree of the same content under another schema.
func under(s *schema.Schema, t *tree.Tree) (*tree.Tree, error) {
	return tree.New(s).Load(tree.Commands, t.Text(tree.Commands, tree.Show))
}

func commands(edits []tree.Edit) []byte {
	var text []byte
	for _, e := range edits {
		text = append(text, e.Command(tree.Show)+"\n"...)
	}
	return text
}
