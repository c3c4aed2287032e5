// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxLinkName is the longest name of a container at an end of a link, in bytes:
// both are part of a record's key.
const MaxLinkName = 240

// LinkVerdict is what a link says.
type LinkVerdict string

// The verdicts of links.
const (
	LinkAllow LinkVerdict = "allow" // the two may talk
	LinkDeny  LinkVerdict = "deny"  // they may not, whatever else allows it
)

// LinkEnd is one end of a link: a container by its host and name, so that it holds
// over a restart and for a container made anew under its name.
type LinkEnd struct {
	Chassis   ChassisID `json:"chassis"`
	Container string    `json:"container"`
	Network   NetworkID `json:"network,omitzero"` // 0: by any network of the container
}

// Covers says whether an endpoint is one of those that the end names.
func (e LinkEnd) Covers(o *Endpoint) bool {
	return e.Chassis == o.Chassis && e.Container == o.Container && (e.Network == 0 || e.Network == o.Network)
}

// Same says whether two ends name the same container, by whatever network.
func (e LinkEnd) Same(o LinkEnd) bool { return e.Chassis == o.Chassis && e.Container == o.Container }

func (e LinkEnd) compare(o LinkEnd) int {
	return cmp.Or(cmp.Compare(e.Chassis, o.Chassis), cmp.Compare(e.Container, o.Container), cmp.Compare(e.Network, o.Network))
}

// Link is a person's word about two containers: that they may talk, or may not.
// It comes before all else that decides.
type Link struct {
	A       LinkEnd     `json:"a"` // the lower end
	B       LinkEnd     `json:"b"`
	Verdict LinkVerdict `json:"verdict"`
	Created time.Time   `json:"created,omitzero"`
	Creator string      `json:"creator,omitempty"` // the identity that made it
}

// LinkOf returns the link between two ends, given in either order.
func LinkOf(a, b LinkEnd, v LinkVerdict) Link {
	if a.compare(b) > 0 {
		a, b = b, a
	}
	return Link{A: a, B: b, Verdict: v}
}

// Joins says whether the link is about two endpoints, in either order.
func (l *Link) Joins(a, b *Endpoint) bool {
	return l.A.Covers(a) && l.B.Covers(b) || l.A.Covers(b) && l.B.Covers(a)
}

// Validate says whether l can be stored.
func (l *Link) Validate() error {
	for _, end := range []LinkEnd{l.A, l.B} {
		if err := end.validate(); err != nil {
			return err
		}
	}
	switch {
	case l.A.Same(l.B):
		return invalid("a link is between two containers, and both ends are %s", l.A.Container)
	case l.A.compare(l.B) > 0:
		return invalid("the ends of a link are in the wrong order")
	case l.Verdict != LinkAllow && l.Verdict != LinkDeny:
		return invalid("a link says allow or deny, not %q", l.Verdict)
	}
	return nil
}

func (e LinkEnd) validate() error {
	switch {
	case e.Chassis == 0:
		return invalid("an end of the link has no chassis")
	case e.Container == "" || strings.ContainsFunc(e.Container, unwritable):
		return invalid("container name %q cannot be an end of a link", e.Container)
	case len(e.Container) > MaxLinkName:
		return invalid("container name %.20q... is longer than the %d bytes that an end of a link may have", e.Container, MaxLinkName)
	case e.Network > MaxNetworkID:
		return invalid("an end of the link has no network of number %d", e.Network)
	}
	return nil
}

// unwritable says whether a character cannot be in a name by which people and
// stores tell things apart.
func unwritable(r rune) bool { return r == '/' || r == utf8.RuneError || unicode.IsControl(r) }
