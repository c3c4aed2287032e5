// SPDX-License-Identifier: Apache-2.0

package output

import (
	"regexp"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

type pet struct {
	Name string   `json:"name"`
	Legs int      `json:"legs"`
	Toys []string `json:"toys"`
}

var trailing = regexp.MustCompile(" +\n")

var pets = Table[pet]{
	Name:    func(p pet) string { return p.Name },
	Columns: []Column[pet]{{"NAME", func(p pet) string { return p.Name }}},
	Wide:    []Column[pet]{{"TOYS", func(p pet) string { return strings.Join(p.Toys, ",") }}},
}

func TestPrint(t *testing.T) {
	rows := []pet{{"rex", 4, []string{"ball"}}, {"tweety: 2", 2, nil}}
	for _, c := range []struct {
		name string
		o    Options
		rows []pet
		want string
	}{
		{"table", Options{}, rows, "NAME\nrex\ntweety: 2\n"},
		{"wide", Options{NoTrunc: true}, rows, "NAME        TOYS\nrex         ball\ntweety: 2\n"},
		{"empty table", Options{}, nil, "NAME\n"},
		{"quiet", Options{Quiet: true}, rows, "rex\ntweety: 2\n"},
		{"json", Options{Output: "json"}, rows[:1], "[\n  {\n    \"name\": \"rex\",\n    \"legs\": 4,\n    \"toys\": [\n      \"ball\"\n    ]\n  }\n]\n"},
		{"empty json", Options{Output: "json"}, nil, "[]\n"},
		{"yaml", Options{Output: "yaml"}, rows, "- name: rex\n  legs: 4\n  toys:\n    - ball\n- name: 'tweety: 2'\n  legs: 2\n  toys: null\n"},
		{"template", Options{Format: "{{.Name}} has {{.Legs}}"}, rows, "rex has 4\ntweety: 2 has 2\n"},
		{"template json", Options{Format: "{{json .Toys}}"}, rows, "[\"ball\"]\nnull\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b strings.Builder
			if err := pets.Print(&b, c.o, c.rows); err != nil {
				t.Fatal(err)
			}
			if got := trailing.ReplaceAllString(b.String(), "\n"); got != c.want {
				t.Errorf("got\n%q\nwant\n%q", b.String(), c.want)
			}
		})
	}
}

func TestRefusesWhatItCannotPrint(t *testing.T) {
	for _, o := range []Options{{Output: "xml"}, {Format: "{{.Nope}}"}, {Format: "{{"}} {
		err := pets.Print(&strings.Builder{}, o, []pet{{Name: "rex"}})
		if linkspan.CodeOf(err) != linkspan.Invalid || linkspan.HintOf(err) == "" {
			t.Errorf("%+v: got %v, want an invalid error with a hint", o, err)
		}
	}
}
