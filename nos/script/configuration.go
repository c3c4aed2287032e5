// SPDX-License-Identifier: Apache-2.0

package script

import (
	"context"
	"fmt"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/tree"
)

// how is by what means scripts commit.
const how = "script"

// Configuration is the configuration of a switch as scripts change it. What is applied is a revision to
// be confirmed, so that it returns by itself when nobody lives to keep it.
type Configuration struct{ Manager *config.Manager }

var _ Configurer = Configuration{}

func (c Change) author() config.Author { return config.Author{Who: c.Script, How: how} }

func (c Change) comment() string {
	return fmt.Sprintf("script %s, epoch %d, serial %d", c.Script, c.Epoch, c.Serial)
}

// Plan implements Configurer.
func (c Configuration) Plan(ctx context.Context, change Change) ([]string, error) {
	s, running, err := c.edit(change)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if _, err := s.Check(ctx); err != nil {
		return nil, err
	}
	var lines []string
	for _, e := range tree.Diff(running, s.Candidate()) {
		lines = append(lines, e.Command(tree.Hide))
	}
	return lines, nil
}

// edit opens a session whose candidate has the change, and returns what it began with.
func (c Configuration) edit(change Change) (*config.Session, *tree.Tree, error) {
	s := c.Manager.Edit(change.author())
	err := s.Change(func(t *tree.Tree) (*tree.Tree, error) { return next(t, change) })
	if err != nil {
		s.Close()
		return nil, nil, err
	}
	return s, s.Base(), nil
}

// Apply implements Configurer.
func (c Configuration) Apply(ctx context.Context, change Change, within time.Duration) error {
	return c.commit(ctx, change, within)
}

// commit commits a change; a time of 0 is one that is kept at once.
func (c Configuration) commit(ctx context.Context, change Change, within time.Duration) error {
	s, running, err := c.edit(change)
	if err != nil {
		return err
	}
	defer s.Close()
	if len(tree.Diff(running, s.Candidate())) == 0 {
		return nil
	}
	_, err = s.Commit(ctx, config.Commit{Comment: change.comment(), Confirm: within})
	return err
}

// Commit implements Configurer.
func (c Configuration) Commit(ctx context.Context, change Change) error {
	if c.ours() {
		if err := c.Manager.Confirm(ctx); err != nil && linkspan.CodeOf(err) != linkspan.NotFound {
			return err
		}
	}
	return c.commit(ctx, change, 0)
}

// Return implements Configurer.
func (c Configuration) Return(ctx context.Context, change Change) error {
	if !c.ours() {
		return nil
	}
	_, err := c.Manager.Return(ctx, change.author())
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return nil // its time was over meanwhile
	}
	return err
}

// ours says whether a script's revision is to be confirmed.
func (c Configuration) ours() bool {
	p, pending := c.Manager.Pending()
	return pending && p.By.How == how
}
