// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"strconv"
	"time"
)

// PolicyID is the number of a policy: 24 bits, given by the store, never 0.
type PolicyID uint32

// MaxPolicyID is the largest number of a policy, 2^24-1.
const MaxPolicyID PolicyID = 1<<24 - 1

// String returns six hexadecimal digits, the form used on screen.
func (id PolicyID) String() string { return fmt.Sprintf("%06x", uint32(id)) }

// ParsePolicyID reads the form that String writes.
func ParsePolicyID(s string) (PolicyID, error) {
	n, err := strconv.ParseUint(s, 16, 24)
	if err != nil || n == 0 || len(s) != 6 {
		return 0, invalid("policy id %q is not six hexadecimal digits", s)
	}
	return PolicyID(n), nil
}

// Limits of policies.
const (
	MaxPolicies  = 16384 // in the fabric
	MaxPriority  = 65535
	MaxSelectors = 64 // on one side of a policy
	MaxPorts     = 64 // ranges of a policy
)

// Policy allows, denies or rejects what goes from some endpoints to others, in
// the direction it says; replies pass. Of all policies that concern a packet the
// one with the greatest priority decides; of equal ones a deny before a reject
// before an allow, whatever their names and ages.
type Policy struct {
	ID       PolicyID      `json:"id"`
	Name     string        `json:"name"` // unique; a policy that is applied again is known by it
	Priority uint16        `json:"priority,omitzero"`
	Action   PolicyAction  `json:"action"`
	From     []Selector    `json:"from,omitempty"`  // any of them selects; none: anyone
	To       []Selector    `json:"to,omitempty"`    // likewise
	Ports    []PolicyPorts `json:"ports,omitempty"` // any of them; none: whatever is sent
	Log      bool          `json:"log,omitzero"`
	Created  time.Time     `json:"created,omitzero"`
	Creator  string        `json:"creator,omitempty"` // the identity that applied it last
}

// Validate says whether p can be stored, but for the names it uses: whether there
// are such networks, groups and chassis only the store knows. The error has code
// Invalid and names the first field that is wrong.
func (p *Policy) Validate() error {
	for _, problem := range p.Problems() {
		return problem.Err("policy", p.Name)
	}
	return nil
}

// Problems returns all that is wrong with p by itself.
func (p *Policy) Problems() []Problem {
	var all problems
	all.check("metadata.name", ValidateName("policy", p.Name), wantName)
	if !p.Action.valid() {
		all.add("spec.action", "it is not said what is to be done", wantAction)
	}
	all.selectors("spec.from", p.From)
	all.selectors("spec.to", p.To)
	if len(p.Ports) > MaxPorts {
		all.add("spec.ports", fmt.Sprintf("%d ranges of ports are too many", len(p.Ports)), fmt.Sprintf("at most %d", MaxPorts))
	}
	for i, ports := range p.Ports {
		all.check(fmt.Sprintf("spec.ports[%d]", i), ports.Validate(), WantPorts)
	}
	return all
}

// Concerns says whether the policy speaks of packets of a protocol to a
// destination port, or of an ICMP type.
func (p *Policy) Concerns(protocol uint8, port uint16) bool {
	for _, ports := range p.Ports {
		if ports.Holds(protocol, port) {
			return true
		}
	}
	return len(p.Ports) == 0
}
