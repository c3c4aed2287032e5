// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// The values of a policy's head, which never change.
const (
	apiVersion = "linkspan/v1"
	kind       = "Policy"
)

// MaxFile is the greatest size of a file, in bytes.
const MaxFile = 4 << 20

// Read reads all documents of a file, whose name is for the problems only. The
// error is [Problems]: all of them, but that after a mistake of YAML itself
// nothing more is read. Two documents that contradict each other are found by
// [Check].
func Read(file string, text []byte) ([]Document, error) {
	var wrong Problems
	if len(text) > MaxFile {
		wrong = append(wrong, Problem{file, Position{1, 1}, fmt.Sprintf("the file is %d bytes long", len(text)), fmt.Sprintf("at most %d", MaxFile)})
		return nil, wrong
	}
	var documents []Document
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var node yaml.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			wrong = append(wrong, syntax(file, text, err))
			return nil, wrong.err()
		}
		if empty(&node) {
			continue
		}
		r := reader{file: file, at: make(map[string]Position)}
		policy := r.document(node.Content[0])
		d := Document{Policy: policy, File: file, at: r.at}
		if len(r.problems) == 0 { // else it would only be said twice
			for _, p := range policy.Problems() {
				r.problems = append(r.problems, d.Problem(p))
			}
		}
		wrong = append(wrong, r.problems...)
		documents = append(documents, d)
	}
	if len(documents) == 0 && len(wrong) == 0 {
		wrong = append(wrong, Problem{file, Position{1, 1}, "there is no policy in the file", "apiVersion: " + apiVersion})
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return documents, nil
}

// empty says that a document has nothing but comments.
func empty(n *yaml.Node) bool {
	return len(n.Content) == 0 || n.Content[0].Kind == yaml.ScalarNode && n.Content[0].Tag == "!!null" && n.Content[0].Value == ""
}

// document reads the head of a policy.
func (r *reader) document(n *yaml.Node) (p linkspan.Policy) {
	r.mark("", n)
	fields, ok := r.mapping(n, "", "apiVersion", "kind", "metadata", "spec")
	if !ok {
		return p
	}
	r.constant(r.need(n, fields, "apiVersion", apiVersion), apiVersion)
	r.constant(r.need(n, fields, "kind", kind), kind)
	if meta, ok := r.mapping(r.need(n, fields, "metadata", "{name: NAME}"), "metadata", "name"); ok {
		p.Name = r.text(r.need(fields["metadata"], meta, "name", "the policy's name"))
	}
	if spec, ok := r.mapping(r.need(n, fields, "spec", "what the policy does"), "spec", "priority", "action", "from", "to", "ports", "log"); ok {
		r.spec(&p, fields["spec"], spec)
	}
	return p
}

// spec reads what a policy does.
func (r *reader) spec(p *linkspan.Policy, n *yaml.Node, fields map[string]*yaml.Node) {
	action := r.need(n, fields, "action", "allow, deny or reject")
	if text := r.text(action); text != "" {
		var err error
		if p.Action, err = linkspan.ParsePolicyAction(text); err != nil {
			r.fail(action, fmt.Sprintf("action %q is not known", text), "allow, deny or reject")
		}
	}
	p.Priority = r.priority(fields["priority"])
	p.From = r.selectors(fields["from"], "spec.from")
	p.To = r.selectors(fields["to"], "spec.to")
	for i, item := range r.list(fields["ports"]) {
		r.mark(fmt.Sprintf("spec.ports[%d]", i), item)
		text, ok := r.scalar(item, "!!str", linkspan.WantPorts)
		if !ok {
			continue
		}
		ports, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			r.fail(item, err.Error(), linkspan.WantPorts)
		}
		p.Ports = append(p.Ports, ports)
	}
	p.Log = r.boolean(fields["log"])
}
