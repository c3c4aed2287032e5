// SPDX-License-Identifier: Apache-2.0

// Package schematest draws paths and values that a schema allows, for tests of
// what reads and changes configurations. It is for tests only, and draws few
// different values, so that paths meet.
//
//	rapid.Check(t, func(t *rapid.T) {
//		path := schematest.Path(t, s)
//		_, err := tree.New(s).Set(path...) // never an error
//	})
package schematest

import (
	"strconv"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/nos/schema"
)

// Path draws the words of a leaf with a value, or of an entry of a list.
func Path(t *rapid.T, s *schema.Schema) []string {
	place := s.Start()
	var words []string
	for !place.Value {
		if place.Entry() && rapid.IntRange(0, 9).Draw(t, "entry") == 0 {
			return words
		}
		var word string
		if place.Wants() == schema.WantsName {
			names := place.Node.Names()
			if len(names) == 0 { // a container for services
				place, words = s.Start(), nil
				continue
			}
			word = rapid.SampledFrom(names).Draw(t, "name")
		} else {
			example := place.Node.Example
			if place.Wants() == schema.WantsKey {
				example = place.Node.Keys[place.Keys].Example
			}
			word = Value(t, place.Type(), example)
		}
		next, canonical, err := place.Step(word)
		if err != nil {
			t.Fatalf("%s does not take %q: %v", place.Node.Path(), word, err)
		}
		place, words = next, append(words, canonical)
	}
	return words
}

// Value draws a value of a type, of which one is known.
func Value(t *rapid.T, typ *schema.Type, example string) string {
	var pool []string
	switch typ.Name {
	case "string", "text":
		pool = []string{"a", "two words", `"quoted" \back`, "true", "12", "# no comment", "- a", "'", "a: b", "<hidden", "é☃", "{}", "~"}
	case "integer":
		for _, r := range typ.Ranges {
			pool = append(pool, strconv.FormatInt(r.Min, 10), strconv.FormatInt(r.Max, 10))
		}
	case "boolean":
		pool = []string{"true", "false"}
	case "enum":
		pool = typ.ChoiceValues()
	case "name", "interface", "hostname", "host":
		pool = []string{"a", "eth1", "eth10", "no", "null", "x-1.b"}
	case "address", "next-hop":
		pool = []string{"192.0.2.1", "2001:db8::1"}
	case "interface-address":
		pool = []string{"192.0.2.1/24", "10.0.0.1/8", "2001:db8::1/64"}
	case "prefix":
		pool = []string{"0.0.0.0/0", "9.0.0.0/8", "10.0.0.0/8", "2001:db8::/32"}
	case "vlan":
		pool = []string{"1", "9", "10", "4094"}
	case "vlan-set":
		pool = []string{"1", "2-5,9"}
	case "reference":
		if typ.To.Keys[0].Type.Pattern == nil {
			return Value(t, typ.To.Keys[0].Type, example)
		}
	}
	right := []string{example}
	for _, v := range pool {
		if _, err := typ.Parse(v); err == nil {
			right = append(right, v)
		}
	}
	return rapid.SampledFrom(right).Draw(t, "value")
}
