// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Selector selects endpoints: those of which all its fields hold. One with CIDR
// alone also selects addresses outside of all networks.
type Selector struct {
	Labels   map[string]string `json:"labels,omitempty"`   // of the container; it has each of them, with that value
	Network  string            `json:"network,omitempty"`  // name of the endpoint's network; of one host's: chassis/name
	Group    string            `json:"group,omitempty"`    // name of a group that its network is in
	Endpoint string            `json:"endpoint,omitempty"` // [chassis/]container[.network], as in EndpointName
	CIDR     netip.Prefix      `json:"cidr,omitzero"`      // of its address
}

// MaxSelectorLabels is how many labels a selector may ask for.
const MaxSelectorLabels = 16

// Expected texts, which the language of policies says too.
const (
	WantCIDR     = "a subnet like 10.7.0.0/24, or 10.7.0.5/32 for one address"
	WantSelector = "one or more of labels, network, group, endpoint, cidr"
	wantEndpoint = "[chassis/]container[.network], as in web1, h2/web1 or web1.front"
)

// Empty says that the selector says nothing.
func (s *Selector) Empty() bool {
	return len(s.Labels) == 0 && s.Network == "" && s.Group == "" && s.Endpoint == "" && !s.CIDR.IsValid()
}

// ByAddress says that the selector looks at nothing but the address, and so also
// selects what is no endpoint.
func (s *Selector) ByAddress() bool {
	return s.CIDR.IsValid() && len(s.Labels) == 0 && s.Network == "" && s.Group == "" && s.Endpoint == ""
}

// Equal says whether two selectors say the same.
func (s *Selector) Equal(o *Selector) bool {
	return s.Network == o.Network && s.Group == o.Group && s.Endpoint == o.Endpoint && s.CIDR == o.CIDR &&
		maps.Equal(s.Labels, o.Labels)
}

// Problems returns what is wrong with the selector by itself; paths begin at it.
func (s *Selector) Problems() []Problem {
	var all problems
	if s.Empty() {
		all.add("", "the selector says nothing; leave the list out for anyone", WantSelector)
	}
	if len(s.Labels) > MaxSelectorLabels {
		all.add("labels", fmt.Sprintf("%d labels are too many", len(s.Labels)), fmt.Sprintf("at most %d", MaxSelectorLabels))
	}
	if _, ok := s.Labels[""]; ok {
		all.add("labels", "a label has no name", "key: value")
	}
	all.check("labels", ValidateLabels("the selector", s.Labels), "fewer or shorter ones")
	if s.Network != "" {
		all.check("network", validateNetworkName(s.Network), wantName)
	}
	if s.Group != "" {
		all.check("group", ValidateName("group", s.Group), wantName)
	}
	if s.Endpoint != "" {
		_, err := ParseEndpointName(s.Endpoint)
		all.check("endpoint", err, wantEndpoint)
		all.check("endpoint", validateText("the name", s.Endpoint), wantEndpoint)
	}
	if c := s.CIDR; c.IsValid() && (c != c.Masked() || c.Addr().Is4In6()) {
		all.add("cidr", fmt.Sprintf("%s has bits that its mask leaves out", c), c.Masked().String())
	}
	return all
}

// String returns the selector in one line for people:
// label:app=web,network:front.
func (s *Selector) String() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(s.Labels)) {
		parts = append(parts, "label:"+key+"="+s.Labels[key])
	}
	for _, f := range [][2]string{{"network", s.Network}, {"group", s.Group}, {"endpoint", s.Endpoint}} {
		if f[1] != "" {
			parts = append(parts, f[0]+":"+f[1])
		}
	}
	if s.CIDR.IsValid() {
		parts = append(parts, "cidr:"+s.CIDR.String())
	}
	return strings.Join(parts, ",")
}
