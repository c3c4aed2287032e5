// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

// Whatever a body is: what comes of it keeps to what the call declares.
func FuzzCall(f *testing.F) {
	f.Add([]byte(`{"service":"s","call":"c","arguments":{"n":1,"a":"192.0.2.1","o":"x","s":"word","m":"02:42:0a:00:00:01"}}`))
	f.Add([]byte(`{"service":"s","call":"c","arguments":{"s":"-x"}}`))
	f.Add([]byte(`{"service":"s","call":"c","arguments":null} {}`))
	least, most := int64(0), int64(9)
	call := linkspan.Call{Name: "c", Arguments: []linkspan.Argument{
		{Name: "n", Type: typeInteger, Minimum: &least, Maximum: &most}, {Name: "a", Type: typeAddress}, {Name: "p", Type: typePrefix}, {Name: "m", Type: typeMAC},
		{Name: "o", Type: typeOneOf, OneOf: []string{"x", "y"}}, {Name: "s", Type: typeString}, {Name: "w", Type: typeString, Pattern: "[a-z]+"},
	}, Adapter: &linkspan.Adapter{Command: []string{"p", "{s}", "{o}", "{m}", "show {a} {p} {n} {w}"}}}
	if err := validateCall("s", &call); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		q, err := readRequest(text)
		if err != nil {
			return
		}
		arguments, err := fromJSON(&call, q.Arguments)
		if err != nil {
			return
		}
		command := commandOf(call.Adapter, arguments)
		if command[0] != "p" || len(command) > 5 || slices.ContainsFunc(command, func(w string) bool { return strings.HasPrefix(w, "-") }) {
			t.Errorf("%q", command)
		}
		if last := command[len(command)-1]; strings.Trim(last, "abcdefghijklmnopqrstuvwxyz0123456789.:/ ") != "" {
			t.Errorf("within a word: %q", last)
		}
	})
}

// An image's manifest is data of somebody else.
func FuzzPlaces(f *testing.F) {
	f.Add("show {a} {b}", "x")
	f.Add("{a}", "{b}")
	f.Add(" {a", "}")
	f.Fuzz(func(t *testing.T, word, value string) {
		words := commandOf(&linkspan.Adapter{Command: []string{"p", word}}, map[string]string{"a": value})
		if len(words) > 2 {
			t.Errorf("%q", words)
		}
	})
}
