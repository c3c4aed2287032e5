// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"cmp"
	"time"
)

// DefaultSite is the site of a chassis that joined without naming one.
const DefaultSite = "default"

// Clearance says that traffic between two sites may go in clear text. Without
// one, chassis of different sites refuse each other's traffic.
type Clearance struct {
	A       string    `json:"a"` // the lower name
	B       string    `json:"b"`
	Granted time.Time `json:"granted,omitzero"`
	Creator string    `json:"creator,omitempty"` // the identity that granted it
}

// ClearanceOf returns the clearance between two sites, in either order.
func ClearanceOf(a, b string) Clearance { return Clearance{A: min(a, b), B: max(a, b)} }

// Validate says whether c can be stored.
func (c *Clearance) Validate() error {
	for _, site := range []string{c.A, c.B} {
		if err := ValidateName("site", site); err != nil {
			return err
		}
	}
	if c.A >= c.B {
		return invalid("a clearance is between two sites, not %s and %s", c.A, c.B)
	}
	return nil
}

// InSite returns the site that the chassis is in.
func (c *Chassis) InSite() string { return cmp.Or(c.Site, DefaultSite) }
