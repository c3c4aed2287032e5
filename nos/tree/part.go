// SPDX-License-Identifier: Apache-2.0

package tree

import "github.com/linkspan/linkspan/nos/schema"

// Part reads the path of a part of the configuration as it is typed, "vlans 10", from the
// root of a schema: of a container, a list or one of its entries, or of a leaf without
// its value. Nothing need be set there. It returns the words in canonical form; the
// error is a *[Problem].
func Part(root *schema.Node, text string) ([]string, error) {
	typed, err := Split(text)
	if err != nil {
		return nil, err
	}
	place, words := schema.Place{Node: root}, make([]string, 0, len(typed))
	for i, w := range typed {
		next, canonical, err := place.Step(w.Text)
		if err != nil || next.Value {
			expected := place.Expected()
			if next.Value {
				expected = "nothing more"
			}
			return nil, &Problem{
				Position: Position{Line: 1, Column: w.Start + 1}, Path: words, Word: i,
				Message: schema.Shorten(w.Text) + " is no part of the configuration", Expected: expected,
			}
		}
		place, words = next, append(words, canonical)
	}
	if place.Keys > 0 && !place.Entry() || len(words) == 0 {
		return nil, &Problem{
			Position: Position{Line: 1, Column: len(text) + 1}, Path: words, Word: len(words),
			Message: "something is missing", Expected: place.Expected(),
		}
	}
	return words, nil
}
