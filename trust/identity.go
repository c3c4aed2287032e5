// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
)

const scheme = "linkspan://"

// Identity is who a certificate speaks for. The zero value is nobody: a peer
// that showed no certificate.
type Identity struct {
	Kind Kind
	Name string // as linkspan.ValidateName has it
	Role Role   // users only

	Number linkspan.ChassisID // chassis only, not zero
	DPID   linkspan.DPID      // chassis and datapaths: the one datapath it may offer, not zero

	// Generation tells one life of a name from the next: a host that is removed
	// and joins again gets a greater one, so that revoking the old life leaves
	// the new one alone. Renewals keep it. Zero is the generation of names that
	// are never given twice.
	Generation uint64
}

// String returns the identity as the URI that stands in its certificate, the
// one form that [ParseIdentity] takes. Nobody is the empty string.
//
//	linkspan://controller/c1
//	linkspan://chassis/h1?number=3&dpid=00004a6f1c2b3d4e&generation=7
//	linkspan://datapath/tor1?dpid=0000000000000001
//	linkspan://user/ada?role=admin
func (id Identity) String() string {
	if id.IsZero() {
		return ""
	}
	var query []string
	if id.Role != "" {
		query = append(query, "role="+string(id.Role))
	}
	if id.Number != 0 {
		query = append(query, "number="+strconv.FormatUint(uint64(id.Number), 10))
	}
	if id.DPID != 0 {
		query = append(query, "dpid="+id.DPID.String())
	}
	if id.Generation != 0 {
		query = append(query, "generation="+strconv.FormatUint(id.Generation, 10))
	}
	uri := scheme + string(id.Kind) + "/" + id.Name
	if len(query) > 0 {
		uri += "?" + strings.Join(query, "&")
	}
	return uri
}

// Label returns the identity as messages to people name it, such as
// "chassis h1" or "viewer bob".
func (id Identity) Label() string {
	switch {
	case id.IsZero():
		return "nobody"
	case id.Kind == KindUser:
		return string(id.Role) + " " + id.Name
	default:
		return string(id.Kind) + " " + id.Name
	}
}

// IsZero reports whether the identity is nobody.
func (id Identity) IsZero() bool { return id == Identity{} }

// Validate returns an error of code invalid unless the identity has a known
// kind, a proper name, and exactly the fields of its kind.
func (id Identity) Validate() error {
	switch {
	case id.Kind != KindController && id.Kind != KindUser && !id.Kind.hasDPID():
		return invalid("identity", fmt.Sprintf("unknown kind %q", id.Kind))
	case (id.Kind == KindUser) != id.Role.valid() || id.Kind != KindUser && id.Role != "":
		return invalid("identity", fmt.Sprintf("a %s cannot have the role %q", id.Kind, id.Role))
	case (id.Kind == KindChassis) != (id.Number != 0):
		return invalid("identity", fmt.Sprintf("a %s cannot have the number %d", id.Kind, id.Number))
	case id.Kind.hasDPID() != (id.DPID != 0):
		return invalid("identity", fmt.Sprintf("a %s cannot have the datapath id %s", id.Kind, id.DPID))
	}
	return linkspan.ValidateName(string(id.Kind), id.Name)
}

// MarshalText returns the same as [Identity.String].
func (id Identity) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote. The empty text is nobody.
func (id *Identity) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = Identity{}
		return nil
	}
	parsed, err := ParseIdentity(string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
