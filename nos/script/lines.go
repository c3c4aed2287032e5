// SPDX-License-Identifier: Apache-2.0

package script

import (
	"errors"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// set makes a line of a script's configuration in a tree.
func set(t *tree.Tree, line string) (*tree.Tree, error) {
	words, err := tree.Split(line)
	if err != nil {
		return nil, err
	}
	path := make([]string, len(words))
	for i, w := range words {
		path[i] = w.Text
	}
	if len(path) < 2 || path[0] != "set" {
		return nil, &tree.Problem{Message: "it is no set command"}
	}
	return t.Set(path[1:]...)
}

// CheckLines returns what is wrong with the configuration of a script, by a schema, and the lines
// that name what the schema does not have where an image may bring it: these can only be judged on
// a switch. Paths are those of the script's file.
func CheckLines(s *schema.Schema, lines []string) (wrong []linkspan.Problem, unjudged []string) {
	t := tree.New(s)
	for i, line := range lines {
		next, err := set(t, line)
		var p *tree.Problem
		switch {
		case err == nil:
			t = next
		case errors.As(err, &p) && brought(s, p):
			unjudged = append(unjudged, line)
		case errors.As(err, &p):
			wrong = append(wrong, linkspan.Problem{Path: fmt.Sprintf("spec.configuration[%d]", i), Message: told(p), Want: p.Expected})
		default:
			wrong = append(wrong, linkspan.Problem{Path: fmt.Sprintf("spec.configuration[%d]", i), Message: err.Error()})
		}
	}
	return wrong, unjudged
}

// told is what is wrong with a line, without what is expected.
func told(p *tree.Problem) string {
	if len(p.Path) == 0 {
		return p.Message
	}
	return tree.Join(p.Path) + ": " + p.Message
}

// brought says whether an image may bring what a path names and the schema does not have.
func brought(s *schema.Schema, p *tree.Problem) bool {
	place := s.Start()
	for _, word := range p.Path {
		next, _, err := place.Step(word)
		if err != nil {
			return false
		}
		place = next
	}
	return p.Line == 0 && place.Wants() == schema.WantsName && place.Node.Open && p.Word == len(p.Path)
}

// next returns a configuration in which what a script set before is what the new one sets. What others
// set stays, but where it is below what goes.
func next(running *tree.Tree, c Change) (*tree.Tree, error) {
	before, after := tree.New(running.Schema()), tree.New(running.Schema())
	for _, line := range c.Before {
		if t, err := set(before, line); err == nil { // else an image has gone, and with it what was set
			before = t
		}
	}
	for i, line := range c.After {
		t, err := set(after, line)
		if err != nil {
			return nil, fmt.Errorf("line %d of the configuration: %w", i+1, err)
		}
		after = t
	}
	for _, e := range tree.Diff(before, after) {
		if !e.Delete {
			continue
		}
		t, err := running.Delete(e.Words...)
		if linkspan.CodeOf(err) == linkspan.NotFound {
			continue // somebody else has changed or deleted it
		}
		if err != nil {
			return nil, err
		}
		running = t
	}
	return running.Apply(after.Edits())
}
