// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"errors"
	"strings"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

// choices is what the last word of a line can be.
type choices struct {
	start int // byte of the line where that word begins
	all   []choice
	done  bool // the line can be carried out as it stands
}

type choice struct {
	text string // as it is typed; empty: any word of a form
	form string
	help string
}

// common returns what all that are known begin with. Others may be typed where any word
// can come: who wants one of those does not ask for the known.
func (c choices) common() string {
	common, first := "", true
	for _, one := range c.all {
		switch {
		case one.text == "":
			continue
		case first:
			common, first = one.text, false
		}
		for !strings.HasPrefix(one.text, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common, "")
}

// known returns how many words are known that can come.
func (c choices) known() int {
	n := 0
	for _, one := range c.all {
		if one.text != "" {
			n++
		}
	}
	return n
}

// complete returns what can come next in a line, which ends where the cursor is.
func (s *Shell) complete(ctx context.Context, line string) (choices, error) {
	all := statements(line)
	last := all[len(all)-1]
	if n := len(last.pipes); n > 0 {
		return s.completePart(ctx, last.pipes[n-1], s.filterWords())
	}
	return s.completePart(ctx, last.part, s.words())
}

func (s *Shell) completePart(ctx context.Context, p part, roots []*word) (choices, error) {
	words, bad := tree.Split(p.text)
	open := len(words) > 0 && words[len(words)-1].Open
	if bad != nil && !open {
		return choices{}, &mistake{p.start, bad.Error()}
	}
	last, start := "", len(p.text)
	before := words
	if n := len(words); n > 0 && (open || words[n-1].End == len(p.text)) {
		last, start, before = words[n-1].Text, words[n-1].Start, words[:n-1]
	}
	c := &call{args: map[string]string{}}
	at, err := c.walk(p, before, nil, roots)
	if err != nil {
		return choices{}, err
	}
	if at != nil && at.path != 0 {
		from := start
		if c.path.text != "" {
			from = c.path.start - p.start
		}
		return s.completePath(ctx, s.scopeOf(c), part{p.text[from:], p.start + from}, at.path)
	}
	found := choices{start: p.start + start, done: last == "" && at != nil && at.run != nil}
	next := roots
	if at != nil {
		next = at.next
	}
	for _, w := range next {
		found.all = append(found.all, w.choices(ctx, last)...)
	}
	if at != nil && at.rest != "" && len(next) == 0 {
		found.all = append(found.all, choice{form: "TEXT", help: at.rest})
	}
	if to, err := choose(last, next); err == nil && last != "" && !open {
		found.done = to.run != nil
	}
	return found, nil
}

// choices returns what can be typed for a word that begins with some text.
func (w *word) choices(ctx context.Context, begin string) []choice {
	if w.name != "" {
		if strings.HasPrefix(w.name, begin) {
			return []choice{{text: w.name, help: w.help}}
		}
		return nil
	}
	var all []choice
	if w.values != nil {
		for _, v := range w.values(ctx) {
			if strings.HasPrefix(v, begin) {
				all = append(all, choice{text: tree.Quote(v), help: w.help})
			}
		}
	}
	if w.values == nil || len(all) == 0 {
		all = append(all, choice{form: w.arg, help: w.help})
	}
	return all
}

// scope is the configuration that a path is in, and where it begins.
type scope struct {
	source apiv1.ConfigSource
	level  []string
}

// scopeOf is the candidate below the level in configuration mode, and what runs otherwise.
func (s *Shell) scopeOf(c *call) scope {
	if s.session == 0 || len(c.words) > 0 && c.words[0] == "run" {
		return scope{source: apiv1.ConfigSource_CONFIG_SOURCE_RUNNING}
	}
	return scope{apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, s.level}
}

// completePath asks the switch what can come next in a path of the configuration.
func (s *Shell) completePath(ctx context.Context, in scope, p part, takes apiv1.ConfigTakes) (choices, error) {
	r, err := s.config.Complete(ctx, connect.NewRequest(&apiv1.ConfigServiceCompleteRequest{
		Source: in.source, Session: s.session, Takes: takes, Level: in.level, Line: p.text,
	}))
	if err != nil {
		return choices{}, err
	}
	found := choices{start: p.start + int(r.Msg.GetStart()), done: r.Msg.GetDone()}
	for _, one := range r.Msg.GetCandidates() {
		found.all = append(found.all, choice{text: one.GetText(), form: one.GetForm(), help: one.GetHelp()})
	}
	return found, nil
}

// resolve asks the switch for the words of a path in full.
func (s *Shell) resolve(ctx context.Context, in scope, p part, takes apiv1.ConfigTakes) ([]string, error) {
	r, err := s.config.Resolve(ctx, connect.NewRequest(&apiv1.ConfigServiceResolveRequest{
		Source: in.source, Session: s.session, Takes: takes, Level: in.level, Line: p.text,
	}))
	if err != nil {
		return nil, err
	}
	if m := r.Msg.GetMistake(); m != nil {
		return nil, &mistake{p.start + int(m.GetColumn()) - 1, m.GetMessage()}
	}
	return r.Msg.GetWords(), nil
}

// problemOf returns the problem that an error is, nil if it is none.
func problemOf(err error) *tree.Problem {
	var p *tree.Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}
