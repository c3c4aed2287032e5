// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// MaxValue is the greatest length of a value, in bytes.
const MaxValue = 16 << 10

// Type is what values of a leaf or a key are.
type Type struct {
	Name    string         // of the table of types
	Ranges  []Range        // of numbers, durations, sizes, rates; lengths in bytes of strings
	Step    int64          // numbers are multiples of it; 0 for any
	Unit    string         // of numbers, as people write it
	Pattern *regexp.Regexp // of strings; matches the whole value
	Choices []Choice       // of enums
	To      *Node          // of references: the list whose keys are meant

	parse func(t *Type, text string) (string, error)
	what  string
}

// Choice is one value of an enum.
type Choice struct {
	Value string
	Help  string
}

// Mismatch is a value that its type does not have.
type Mismatch struct {
	Value    string
	Expected string // what would be right, "integer 1 to 4094"
}

var _ error = (*Mismatch)(nil)

// Error returns the value, shortened if it is long, and what is expected.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("%s is not valid: expected %s", Shorten(m.Value), m.Expected)
}

// Shorten quotes a value for a message, and cuts it after 64 bytes.
func Shorten(value string) string {
	if len(value) > 64 {
		return fmt.Sprintf("%q...", strings.ToValidUTF8(value[:64], ""))
	}
	return fmt.Sprintf("%q", value)
}

// Parse returns the canonical form of a value: of several ways to write the
// same, one. The error is a *[Mismatch].
func (t *Type) Parse(text string) (string, error) {
	if len(text) > MaxValue || !utf8.ValidString(text) {
		return "", &Mismatch{text, fmt.Sprintf("at most %d bytes of UTF-8", MaxValue)}
	}
	canonical, err := t.parse(t, text)
	if err != nil {
		expected := t.Expected()
		if reason := err.Error(); reason != "" {
			expected += " (" + reason + ")"
		}
		if t.Name == "secret" {
			text = "(hidden)"
		}
		return "", &Mismatch{text, expected}
	}
	return canonical, nil
}

// Expected says what a value of the type looks like.
func (t *Type) Expected() string {
	switch {
	case t.Choices != nil:
		return "one of " + strings.Join(t.ChoiceValues(), ", ")
	case t.To != nil:
		return "name of an entry of " + strings.TrimPrefix(t.To.Path(), "/")
	case t.Name == "string" && t.Pattern != nil:
		return t.what + t.ranges(" of %s bytes") + " that matches " + strings.TrimSuffix(strings.TrimPrefix(t.Pattern.String(), "^(?:"), ")$")
	case t.Name == "string":
		return t.what + t.ranges(" of %s bytes")
	}
	text := t.what + t.ranges(" %s")
	if t.Unit != "" {
		text += " " + t.Unit
	}
	if t.Step != 0 {
		text += fmt.Sprintf(", a multiple of %d", t.Step)
	}
	return text
}

// ChoiceValues returns the values of an enum.
func (t *Type) ChoiceValues() []string {
	values := make([]string, len(t.Choices))
	for i, c := range t.Choices {
		values[i] = c.Value
	}
	return values
}

func (t *Type) ranges(format string) string {
	if len(t.Ranges) == 0 {
		return ""
	}
	texts := make([]string, len(t.Ranges))
	for i, r := range t.Ranges {
		texts[i] = r.text
	}
	return fmt.Sprintf(format, strings.Join(texts, " or "))
}

// within says whether a number is in one of the ranges, or there are none.
func (t *Type) within(n int64) bool {
	return len(t.Ranges) == 0 || slices.ContainsFunc(t.Ranges, func(r Range) bool { return n >= r.Min && n <= r.Max })
}

// Range is from Min to Max, both included, in the type's base unit: of durations
// nanoseconds, of sizes bytes, of rates bits per second.
type Range struct {
	Min, Max int64
	text     string
}
