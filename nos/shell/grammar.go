// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

// word is a place in the grammar: a word of its own, or where a word of somebody's
// choice is typed. Words may come round to ones before them.
type word struct {
	name string // as it is typed; empty: any word
	arg  string // what any word stands for, in capitals
	help string // one sentence without a full stop

	next   []*word
	values func(ctx context.Context) []string // what any word is likely to be; may be nil
	path   apiv1.ConfigTakes                  // a path of the configuration comes next
	rest   string                             // free words may come next; what they are
	run    func(context.Context, *call) error // nil: the line cannot end here
}

// call is a line that was read.
type call struct {
	words  []string          // the names of words, in full
	args   map[string]string // what was typed for any word, by its arg; of words by name after which one came
	rest   []string          // free words
	path   part              // of the configuration, as it was typed
	filter filters
	out    *output
}

// option returns the word that was typed after another, "" if there is none.
func (c *call) option(name string) string { return c.args[name] }

// mistake is a line that cannot be read, and where.
type mistake struct {
	column  int // byte of the line, from 0
	message string
}

func (m *mistake) Error() string { return m.message }

// read reads a command with a grammar.
func read(p part, roots []*word) (*word, *call, error) {
	c := &call{args: map[string]string{}}
	words, err := tree.Split(p.text)
	at, err := c.walk(p, words, err, roots)
	if err != nil {
		return nil, nil, err
	}
	if at == nil || at.run == nil {
		end := p.start + len(strings.TrimRight(p.text, " \t"))
		return nil, nil, &mistake{end, "the command is not complete: expected " + expected(at, roots)}
	}
	return at, c, nil
}

// walk goes along words and returns the place that they lead to, nil at the beginning.
func (c *call) walk(p part, words []tree.Word, bad error, roots []*word) (*word, error) {
	var at *word
	next := roots
	for _, w := range words {
		if at != nil && at.path != 0 {
			c.path = part{p.text[w.Start:], p.start + w.Start}
			return at, nil
		}
		to, err := choose(w.Text, next)
		switch {
		case err == nil:
		case at != nil && at.rest != "":
			c.rest = append(c.rest, w.Text)
			continue
		default:
			return nil, &mistake{p.start + w.Start, err.Error()}
		}
		c.step(at, to, w.Text)
		at, next = to, to.next
	}
	if bad != nil {
		column := len(p.text)
		if problem := problemOf(bad); problem != nil {
			column = problem.Column - 1
			bad = &tree.Problem{Message: problem.Message, Expected: problem.Expected}
		}
		return nil, &mistake{p.start + column, bad.Error()}
	}
	return at, nil
}

// step notes a word.
func (c *call) step(from, to *word, text string) {
	if to.name != "" {
		c.words = append(c.words, to.name)
		if to.run != nil {
			c.args[to.name] = "yes"
		}
		return
	}
	c.args[to.arg] = text
	if from != nil && from.name != "" {
		c.args[from.name] = text
	}
}

// choose returns the word that a text means: one of that name, the only one that begins with
// it, or any word.
func choose(text string, next []*word) (*word, error) {
	var fit []*word
	var any *word
	for _, w := range next {
		switch {
		case w.name == "":
			any = w
		case w.name == text:
			return w, nil
		case text != "" && strings.HasPrefix(w.name, text):
			fit = append(fit, w)
		}
	}
	switch {
	case len(fit) == 1:
		return fit[0], nil
	case any != nil:
		return any, nil
	case len(fit) > 1:
		return nil, fmt.Errorf("%q is ambiguous: expected %s", text, list(fit))
	case len(next) == 0:
		return nil, fmt.Errorf("there is a word too many")
	}
	return nil, fmt.Errorf("there is no %q: expected %s", text, list(next))
}

// list names words for an error.
func list(words []*word) string {
	var names []string
	for _, w := range words {
		names = append(names, w.label())
	}
	slices.Sort(names)
	if len(names) == 1 {
		return names[0]
	}
	return "one of " + strings.Join(names, ", ")
}

// label is how a word is shown.
func (w *word) label() string {
	if w.name == "" {
		return w.arg
	}
	return w.name
}

func expected(at *word, roots []*word) string {
	switch {
	case at == nil:
		return list(roots)
	case at.path != 0:
		return "a path of the configuration"
	}
	return list(at.next)
}
