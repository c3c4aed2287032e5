// SPDX-License-Identifier: Apache-2.0

// Package policyfile reads policies as people write them, in YAML (version 1.2's
// core types, without anchors, aliases and tags), and the conversations that a
// dry run is asked about. It is strict: a field that is not known, a value of the
// wrong type, a thing said twice or two policies that contradict each other are
// refused with file, line and column, and what was expected. It knows no network
// and asks nobody: whether names exist the controller says, which validates
// everything again.
//
//	documents, err := policyfile.Read("web.yaml", text)
//	var wrong yamlfile.Problems
//	if errors.As(err, &wrong) { ... } // each with its line and column
//
// Several documents in one file are divided by "---":
//
//	apiVersion: linkspan/v1
//	kind: Policy
//	metadata: {name: web-to-db}
//	spec:
//	  priority: 100
//	  action: allow
//	  from: [{labels: {app: web}}]
//	  to: [{network: back, labels: {app: db}}]
//	  ports: [tcp/5432]
package policyfile
