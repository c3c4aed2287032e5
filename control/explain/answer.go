// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
)

// Verdict is what becomes of packets.
type Verdict uint8

// The verdicts.
const (
	Denied    Verdict = iota // dropped
	Rejected                 // dropped, and the sender is told
	Allowed                  // delivered, and replies pass
	Elsewhere                // Linkspan does not see them: Reason says who decides
)

var verdictNames = [...]string{"denied", "rejected", "allowed", "elsewhere"}

// String returns the verdict in lower case.
func (v Verdict) String() string { return verdictNames[v] }

// Rule is who has decided, in the order in which they are asked.
type Rule string

// The rules.
const (
	ByAttachment Rule = "attachment"   // one of the ends is not there, or not on a network of routes
	ByLink       Rule = "link"         // a person's word about the two containers
	ByPolicy     Rule = "policy"       // the one of the greatest priority
	ByWayOut     Rule = "way out"      // one is outside of all networks
	ByNetwork    Rule = "same network" // both are in it
	ByGroup      Rule = "group"        // their networks share it
	ByNobody     Rule = "nobody"       // nothing allows it
	ByWay        Rule = "way"          // it may be, and there is no way
)

// Step is one who was asked.
type Step struct {
	Rule   Rule
	Says   string // nothing, or a verdict
	Detail string // why, in a few words
}

// Answer is what becomes of packets, and why.
type Answer struct {
	Verdict Verdict
	Rule    Rule
	Reason  string // a sentence, in lower case and without a full stop
	Steps   []Step // all who were asked, in order; the last one has decided
	Link    *linkspan.Link
	Group   *linkspan.Group
	Policy  *linkspan.Policy
	// Places are the fields of Policy that are about these packets, as in
	// spec.from[0]; a side that means anyone has none.
	Places []string
	// To is who is found under the destination, nil when nobody is.
	To *linkspan.Endpoint
	// Outside is set where one end is outside of all networks: the same is true of all of
	// these addresses.
	Outside netip.Prefix
	// Tracked says that the two may not say everything to each other, so that
	// connections are tracked; Class are those that are decided alike.
	Tracked bool
	Class   decide.Class
	Path    Path

	code decide.Reason
}

// Path is how packets get from one end to the other.
type Path struct {
	Transport linkspan.Transport // empty: there is no way, or none was looked for
	Reason    string             // why it is none better, or there is none
	MTU       int                // of the containers, in bytes; 0: not known
}
