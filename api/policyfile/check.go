// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Check refuses documents of one name and such that contradict each other, also
// of different files. The error is [yamlfile.Problems].
func Check(documents []Document) error {
	named := make(map[string]*Document, len(documents))
	wrong := make([]yamlfile.Problems, len(documents)) // by document
	var policies []*linkspan.Policy
	var of []int // which documents they are
	for i := range documents {
		d := &documents[i]
		if first := named[d.Policy.Name]; first != nil {
			wrong[i] = append(wrong[i], d.Problem(linkspan.Problem{
				Path: "metadata.name", Message: fmt.Sprintf("policy %s is also at %s", d.Policy.Name, first.place("metadata.name")), Want: "another name",
			}))
			continue
		}
		named[d.Policy.Name] = d
		policies, of = append(policies, &d.Policy), append(of, i)
	}
	for _, pair := range linkspan.Contradictions(policies) {
		d, other := &documents[of[pair[0]]], &documents[of[pair[1]]]
		problem := d.Policy.Contradiction(&other.Policy, " at "+other.place("spec.action"))
		wrong[of[pair[0]]] = append(wrong[of[pair[0]]], d.Problem(problem))
	}
	return yamlfile.Problems(slices.Concat(wrong...)).Err()
}

func (d *Document) place(path string) string {
	at := d.At(path)
	return fmt.Sprintf("%s:%d:%d", d.File, at.Line, at.Column)
}
