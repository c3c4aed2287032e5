// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"fmt"
	"net/netip"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
)

// selectors reads one side of a policy.
func (r reader) selectors(n *yaml.Node, path string) (all []linkspan.Selector) {
	for i, item := range r.List(n) {
		all = append(all, r.selector(item, fmt.Sprintf("%s[%d]", path, i)))
	}
	return all
}

func (r reader) selector(n *yaml.Node, path string) (s linkspan.Selector) {
	r.Mark(path, n)
	fields, ok := r.Mapping(n, path, "labels", "network", "group", "endpoint", "cidr")
	if !ok {
		return s
	}
	s.Labels = r.Texts(fields["labels"])
	s.Network = r.Given(fields["network"])
	s.Group = r.Given(fields["group"])
	s.Endpoint = r.Given(fields["endpoint"])
	if cidr := r.Given(fields["cidr"]); cidr != "" {
		var err error
		if s.CIDR, err = netip.ParsePrefix(cidr); err != nil {
			r.Fail(fields["cidr"], fmt.Sprintf("cidr %q is not understood", cidr), linkspan.WantCIDR)
		}
	}
	return s
}
