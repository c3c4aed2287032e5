// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"fmt"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// MaxFile is the greatest size of a file, in bytes.
const MaxFile = 4 << 20

// Read reads all documents of a file, whose name is for the problems only. The
// error is [yamlfile.Problems]: all of them, but that after a mistake of YAML itself
// nothing more is read. Two documents that contradict each other are found by
// [Check].
func Read(file string, text []byte) ([]Document, error) {
	var documents []Document
	err := yamlfile.Read(file, text, MaxFile, func(r *yamlfile.Reader) {
		policy := reader{r}.document()
		if r.Right() { // else it would only be said twice
			r.Add(policy.Problems()...)
		}
		documents = append(documents, Document{Policy: policy, File: file, reader: r})
	})
	if err != nil {
		return nil, err
	}
	return documents, nil
}

// reader reads policies.
type reader struct{ *yamlfile.Reader }

// document reads the head of a policy.
func (r reader) document() (p linkspan.Policy) {
	n := r.Root
	fields := r.Head("Policy", "metadata", "spec")
	if fields == nil {
		return p
	}
	if meta, ok := r.Mapping(r.Need(n, fields, "metadata", "{name: NAME}"), "metadata", "name"); ok {
		p.Name = r.Text(r.Need(fields["metadata"], meta, "name", "the policy's name"))
	}
	if spec, ok := r.Mapping(r.Need(n, fields, "spec", "what the policy does"), "spec", "priority", "action", "from", "to", "ports", "log"); ok {
		r.spec(&p, fields["spec"], spec)
	}
	return p
}

// spec reads what a policy does.
func (r reader) spec(p *linkspan.Policy, n *yaml.Node, fields map[string]*yaml.Node) {
	action := r.Need(n, fields, "action", "allow, deny or reject")
	if text := r.Text(action); text != "" {
		var err error
		if p.Action, err = linkspan.ParsePolicyAction(text); err != nil {
			r.Fail(action, fmt.Sprintf("action %q is not known", text), "allow, deny or reject")
		}
	}
	p.Priority = r.priority(fields["priority"])
	p.From = r.selectors(fields["from"], "spec.from")
	p.To = r.selectors(fields["to"], "spec.to")
	for i, item := range r.List(fields["ports"]) {
		r.Mark(fmt.Sprintf("spec.ports[%d]", i), item)
		text, ok := r.Scalar(item, "!!str", linkspan.WantPorts)
		if !ok {
			continue
		}
		ports, err := linkspan.ParsePolicyPorts(text)
		if err != nil {
			r.Fail(item, err.Error(), linkspan.WantPorts)
		}
		p.Ports = append(p.Ports, ports)
	}
	p.Log = r.Boolean(fields["log"])
}

// priority reads a whole number in range; one that was left out is 0.
func (r reader) priority(n *yaml.Node) uint16 {
	want := fmt.Sprintf("a whole number from 0 to %d", linkspan.MaxPriority)
	text, ok := r.Scalar(n, "!!int", want)
	if !ok {
		return 0
	}
	p, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		r.Fail(n, fmt.Sprintf("priority %s is not one", text), want)
	}
	return uint16(p)
}
