// SPDX-License-Identifier: Apache-2.0

package complete

import (
	"errors"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// Takes is what comes after a verb.
type Takes uint8

// What comes after a verb.
const (
	Nothing  Takes = iota
	Setting        // a path with its value, or the entry of a list: what can be configured
	Existing       // a path or nothing: what is configured
	Section        // the path of a container or of an entry, configured or not
	Rest           // words that mean something to the verb alone
)

// Verb is the first word of a line.
type Verb struct {
	Name  string
	Help  string // one sentence without a full stop
	Takes Takes
}

// Live tells what the host has.
type Live interface {
	// Values returns the values of a type of the schema ("interface") that the host
	// knows now, in order; nil for types that it knows nothing of.
	Values(typ string) []string
}

// Completer knows lines. Its fields are not changed while it is used.
type Completer struct {
	Verbs []Verb
	Tree  *tree.Tree // the configuration that the lines are about
	Level []string   // path that paths begin below; it is a valid one
	Live  Live       // may be nil
}

// Candidate is a word that can come next.
type Candidate struct {
	Text string // as it is typed; empty where any word of a form can come
	Form string // what the word looks like, where Text is empty
	Help string
	word string // Text without quotes
}

// Result is what can come next.
type Result struct {
	Start      int         // byte of the line where the word begins that the candidates are for
	Candidates []Candidate // in the order in which they are shown
	Done       bool        // the line can be carried out as it stands
}

// Common returns what all candidates with a text begin with: what can be typed for the user.
func (r Result) Common() string {
	common, first := "", true
	for _, c := range r.Candidates {
		switch {
		case c.Text == "":
			return ""
		case first:
			common, first = c.Text, false
		}
		for !strings.HasPrefix(c.Text, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common, "")
}

// Complete returns what the last word of a line can be: the line as far as the
// cursor. After a space a new word begins. The error is a *[tree.Problem] with the
// column of a word before the last that is wrong.
func (c *Completer) Complete(line string) (Result, error) {
	words, err := tree.Split(line)
	open := len(words) > 0 && words[len(words)-1].Open
	if err != nil && !open {
		return Result{}, err
	}
	last, at := "", len(line)
	if n := len(words); n > 0 && (open || words[n-1].End == len(line)) {
		last, at = words[n-1].Text, words[n-1].Start
		words = words[:n-1]
	}
	l, err := c.read(words)
	if err != nil {
		return Result{}, err
	}
	r := Result{Start: at, Done: last == "" && !open && l.done()}
	for _, candidate := range l.next() {
		if candidate.Text == "" && last != "" && r.has(last) {
			continue // the word is typed, and is one that there is
		}
		if candidate.Text == "" || strings.HasPrefix(candidate.word, last) {
			r.Candidates = append(r.Candidates, candidate)
		}
	}
	if last != "" && !open {
		if whole, err := c.read(append(words, tree.Word{Text: last, Start: at})); err == nil {
			r.Done = whole.done()
		}
	}
	return r, nil
}

func (r *Result) has(text string) bool {
	return slices.ContainsFunc(r.Candidates, func(c Candidate) bool { return c.Text == tree.Quote(text) })
}

// Resolve returns the words of a whole line, each in full and in its canonical form, and
// the path with the level before it. The error is a *[tree.Problem] with the
// column of what is wrong; see [Caret].
func (c *Completer) Resolve(line string) ([]string, error) {
	words, err := tree.Split(line)
	if err != nil {
		return nil, err
	}
	l, err := c.read(words)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, nil
	}
	if !l.done() {
		return nil, &tree.Problem{
			Position: tree.Position{Line: 1, Column: len(strings.TrimRight(line, " \t\r")) + 2}, Word: len(words), Path: l.words[1:],
			Message: "something is missing", Expected: l.place.Expected(),
		}
	}
	return l.words, nil
}

// Caret returns a line that marks the column of a problem in the line that it is about,
// which is shown after a prompt of some width.
func Caret(p *tree.Problem, prompt int) string {
	return strings.Repeat(" ", prompt+max(p.Column-1, 0)) + "^"
}

// line is what has been read of a line.
type line struct {
	c     *Completer
	verb  *Verb        // nil: none yet
	place schema.Place // of verbs with a path
	node  tree.Node    // what is configured there; not there if nothing is
	words []string     // in full, with the level
	keys  []string     // of an entry whose keys are not all there
}

// read reads whole words.
func (c *Completer) read(words []tree.Word) (*line, error) {
	l := &line{c: c, place: c.Tree.Schema().Start(), node: c.Tree.Root()}
	for i, w := range words {
		at := tree.Position{Line: 1, Column: w.Start + 1}
		var err *tree.Problem
		switch {
		case i == 0:
			err = l.start(w.Text)
		case l.verb.Takes == Rest:
			l.words = append(l.words, w.Text)
		case l.verb.Takes == Nothing:
			err = &tree.Problem{Message: "there is a word too many", Expected: "nothing after " + l.verb.Name}
		default:
			err = l.step(w.Text)
		}
		if err != nil {
			err.Position, err.Word = at, i
			return nil, err
		}
	}
	return l, nil
}

// start reads the verb.
func (l *line) start(word string) *tree.Problem {
	names := make([]string, len(l.c.Verbs))
	for i, v := range l.c.Verbs {
		names[i] = v.Name
	}
	name, err := full(word, names)
	if err != nil {
		return err
	}
	l.verb = &l.c.Verbs[slices.Index(names, name)]
	l.words = []string{name}
	if l.verb.Takes == Nothing || l.verb.Takes == Rest {
		return nil
	}
	for _, w := range l.c.Level {
		if err := l.step(w); err != nil {
			return err
		}
	}
	return nil
}

// full returns the one name that begins with a word.
func full(word string, names []string) (string, *tree.Problem) {
	var fit []string
	for _, n := range names {
		if n == word {
			return n, nil
		}
		if word != "" && strings.HasPrefix(n, word) {
			fit = append(fit, n)
		}
	}
	sorted := slices.Sorted(slices.Values(names))
	switch len(fit) {
	case 1:
		return fit[0], nil
	case 0:
		return "", &tree.Problem{Message: "there is no " + schema.Shorten(word), Expected: "one of " + strings.Join(sorted, ", ")}
	}
	return "", &tree.Problem{Message: schema.Shorten(word) + " is ambiguous", Expected: "one of " + strings.Join(slices.Sorted(slices.Values(fit)), ", ")}
}

// step reads a word of a path.
func (l *line) step(word string) *tree.Problem {
	if l.verb.Takes == Section && (l.place.Node.Type != nil) {
		return &tree.Problem{Path: l.words[1:], Message: "there is a word too many", Expected: "the path of a container or of an entry"}
	}
	if names := l.names(); names != nil {
		name, err := full(word, names)
		if err != nil {
			err.Path = l.words[1:]
			return err
		}
		word = name
	}
	next, canonical, err := l.place.Step(word)
	if err != nil {
		var m *schema.Mismatch
		if !errors.As(err, &m) {
			return &tree.Problem{Path: l.words[1:], Message: err.Error()}
		}
		if l.place.Wants() == schema.WantsEnd {
			return &tree.Problem{Path: l.words[1:], Message: "there is a word too many", Expected: m.Expected}
		}
		return &tree.Problem{Path: l.words[1:], Message: schema.Shorten(m.Value) + " is not valid", Expected: m.Expected}
	}
	return l.to(next, canonical)
}

// names returns the words of which the next one must be one, nil if it is not of a few.
func (l *line) names() []string {
	switch l.place.Wants() {
	case schema.WantsName:
		if l.verb.Takes == Existing {
			var there []string
			for n := range l.node.Children() {
				there = append(there, n.Def().Name)
			}
			if there != nil {
				return there
			}
		}
		return append(l.place.Node.Names(), "")[:len(l.place.Node.Children)]
	case schema.WantsEnd:
		return nil
	}
	switch t := l.place.Type(); t.Name {
	case "enum":
		return t.ChoiceValues()
	case "boolean":
		return []string{"false", "true"}
	}
	return nil
}

// to goes on to the next place.
func (l *line) to(next schema.Place, word string) *tree.Problem {
	switch l.place.Wants() {
	case schema.WantsName:
		l.node, l.keys = l.node.Child(word), nil
	case schema.WantsKey:
		l.keys = append(l.keys, word)
		if next.Entry() {
			l.node = l.node.Entry(l.keys...)
		}
	}
	missing := !l.node.There() && (next.Keys == 0 || next.Entry()) || next.Value && !slices.Contains(l.node.Values(), word)
	if l.verb.Takes == Existing && missing && len(l.words) > len(l.c.Level) {
		return &tree.Problem{Path: l.words[1:], Message: schema.Shorten(word) + " is not configured"}
	}
	l.place, l.words = next, append(l.words, word)
	return nil
}

// done says whether the line can be carried out.
func (l *line) done() bool {
	switch {
	case l.verb == nil:
		return false
	case l.verb.Takes == Setting:
		return l.place.Value || l.place.Entry() && len(l.words)-1 > len(l.c.Level)
	case l.verb.Takes == Section:
		return l.place.Entry() || l.place.Node.Kind == schema.Container
	case l.verb.Takes == Existing:
		return l.place.Keys == 0 || l.place.Entry()
	}
	return true
}
