// SPDX-License-Identifier: Apache-2.0

// Package yamlfile reads what people write in YAML (version 1.2's core types, without
// anchors, aliases and tags). It is strict: a field that is not known, a value of the
// wrong type and a thing said twice are refused with file, line and column, and what was
// expected; and all that is wrong is told at once. What may stand in a document its
// callers say: packages policyfile and scriptfile.
//
//	err := yamlfile.Read("web.yaml", text, 1<<20, func(r *yamlfile.Reader) {
//		spec := r.Head("Behavior", "spec")["spec"]
//		r.Decode(spec, "spec", &what)
//		r.Add(what.Problems()...)
//	})
//	var wrong yamlfile.Problems
//	if errors.As(err, &wrong) { ... } // each with its line and column
package yamlfile
