// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func texts(words []Word) []string {
	all := make([]string, len(words))
	for i := range words {
		all[i] = words[i].Text
	}
	return all
}

func TestSplitIsTheInverseOfJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOf(rapid.StringMatching(`[ -~é\n\t]*`)).Draw(t, "words")
		got, err := Split(Join(words))
		if err != nil || !slices.Equal(texts(got), words) {
			t.Fatalf("%q: %q, %v", Join(words), texts(got), err)
		}
	})
}

func TestSplit(t *testing.T) {
	for line, want := range map[string]string{
		`  set  a "b c" # no more`: "set|a|b c",
		`'a\n"' "a\n\t\\\""`:       "a\\n\"|a\n\t\\\"",
		`a"b c"d`:                  "ab cd",
		`""`:                       "",
		"\t\r":                     "",
	} {
		got, err := Split(line)
		if err != nil || strings.Join(texts(got), "|") != want {
			t.Errorf("%q: %q, %v", line, texts(got), err)
		}
	}
	for line, column := range map[string]int{`a "b`: 3, `a 'b`: 3, `a "\x"`: 3, `a;b`: 2, `a |`: 3} {
		_, err := Split(line)
		var p *Problem
		if !errors.As(err, &p) || p.Column != column {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// Whatever is typed, its words are where they are said to be.
func FuzzSplit(f *testing.F) {
	f.Add(`set a "b\n" 'c' d"e"f #`)
	f.Add(`"\`)
	f.Fuzz(func(t *testing.T, line string) {
		words, err := Split(line)
		end := 0
		for _, w := range words {
			if w.Start < end || w.End < w.Start || w.End > len(line) {
				t.Fatalf("%q: %+v", line, words)
			}
			end = w.End
		}
		if err != nil {
			return
		}
		again, err := Split(Join(texts(words)))
		if err != nil || !slices.Equal(texts(words), texts(again)) {
			t.Fatalf("%q: %q, then %q, %v", line, texts(words), texts(again), err)
		}
	})
}
