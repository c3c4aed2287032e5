// SPDX-License-Identifier: Apache-2.0

package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

// Typed returns a line as it was typed, with words in place of what may be a secret, for the
// audit log and for history: also of a line with abbreviations, and of one that is wrong. Paths in
// the line begin below level. Rather too much is hidden than too little.
func Typed(s *schema.Schema, level []string, line string) string {
	split, err := tree.Split(line)
	words := make([]string, len(split))
	for i, w := range split {
		words[i] = w.Text
	}
	t := secrets(s)
	hide := make([]bool, len(words))
	for start := range min(len(words), pathStarts) {
		t.walk(s.Start(), level, words[start:], hide[start:])
	}
	for i, w := range words {
		hide[i] = hide[i] || t.looks(w) || i > 1 && t.names(words[i-1])
	}
	for i := range words {
		if hide[i] {
			words[i] = tree.Hidden
		}
	}
	text := tree.Join(words)
	if err != nil {
		text = strings.TrimSpace(fmt.Sprintf("%s <not readable>", text))
	}
	return text
}

// pathStarts is before which of its first words a path may begin: set PATH, show configuration PATH.
const pathStarts = 4

// typed knows what secrets are called and look like.
type typed struct {
	called []string
	forms  []*regexp.Regexp
}

func secrets(s *schema.Schema) (t typed) {
	s.Walk(func(n *schema.Node) {
		if !n.Secret() {
			return
		}
		t.called = append(t.called, n.Name)
		if p := n.Type.Pattern; p != nil { // anywhere in a word, which may have quotes in the wrong place
			t.forms = append(t.forms, regexp.MustCompile(strings.TrimSuffix(strings.TrimPrefix(p.String(), "^"), "$")))
		}
	})
	return t
}

// walk goes along a path as far as it is one, and marks the values of secrets.
func (t typed) walk(place schema.Place, level, words []string, hide []bool) {
	for _, w := range level {
		next, _, err := place.Step(w)
		if err != nil {
			return
		}
		place = next
	}
	for i, w := range words {
		if place.Node.Secret() {
			hide[i] = true
			continue
		}
		if place.Wants() == schema.WantsName {
			w = inFull(w, place.Node.Names())
		}
		next, _, err := place.Step(w)
		if err != nil {
			return
		}
		place = next
	}
}

// inFull returns the one name that begins with a word, or the word.
func inFull(word string, names []string) string {
	fit := ""
	for _, n := range names {
		if n == word || word == "" {
			return word
		}
		if strings.HasPrefix(n, word) {
			if fit != "" {
				return word
			}
			fit = n
		}
	}
	if fit == "" {
		return word
	}
	return fit
}

// looks says that a word has the form of a secret, or a long part of it has.
func (t typed) looks(word string) bool {
	const long = 20 // bytes: a form that fits much would hide all
	return slices.ContainsFunc(t.forms, func(form *regexp.Regexp) bool { return len(form.FindString(word)) >= long })
}

// names says that a word is what secrets are called, so that the next one may be one.
func (t typed) names(word string) bool {
	const short = 4 // letters that are too few to tell
	word = strings.ToLower(word)
	for _, name := range []string{"password", "passphrase", "secret", "private-key", "token"} {
		if len(word) >= short && strings.HasPrefix(name, word) || strings.HasPrefix(word, name) {
			return true
		}
	}
	return slices.ContainsFunc(t.called, func(name string) bool { return len(word) >= short && strings.HasPrefix(name, word) })
}
