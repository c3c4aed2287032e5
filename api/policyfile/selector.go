// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"fmt"
	"net/netip"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// selectors reads one side of a policy.
func (r *reader) selectors(n *yaml.Node, path string) (all []linkspan.Selector) {
	for i, item := range r.list(n) {
		all = append(all, r.selector(item, fmt.Sprintf("%s[%d]", path, i)))
	}
	return all
}

func (r *reader) selector(n *yaml.Node, path string) (s linkspan.Selector) {
	r.mark(path, n)
	fields, ok := r.mapping(n, path, "labels", "network", "group", "endpoint", "cidr")
	if !ok {
		return s
	}
	s.Labels = r.labels(fields["labels"])
	s.Network = r.given(fields["network"])
	s.Group = r.given(fields["group"])
	s.Endpoint = r.given(fields["endpoint"])
	if cidr := r.given(fields["cidr"]); cidr != "" {
		var err error
		if s.CIDR, err = netip.ParsePrefix(cidr); err != nil {
			r.fail(fields["cidr"], fmt.Sprintf("cidr %q is not understood", cidr), linkspan.WantCIDR)
		}
	}
	return s
}

// given reads a text that may be left out, but not be empty.
func (r *reader) given(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return r.text(n)
}

// labels reads a mapping of texts.
func (r *reader) labels(n *yaml.Node) map[string]string {
	if n == nil {
		return nil
	}
	fields, ok := r.mapping(n, "")
	if !ok {
		return nil
	}
	if len(fields) == 0 {
		r.fail(n, "there is no label", "key: value")
	}
	labels := make(map[string]string, len(fields))
	for key, value := range fields {
		labels[key], _ = r.scalar(value, "!!str", `a text, in quotes if it looks like something else, as in "80" or "true"`)
	}
	return labels
}
