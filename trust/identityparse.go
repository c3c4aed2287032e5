// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
)

// maxIdentity bounds what the parser looks at; the longest identity is shorter.
const maxIdentity = 256

// ParseIdentity reads the URI that [Identity.String] writes. It takes that one
// spelling only, so that two different texts are never the same identity; all
// else is an error of code invalid.
func ParseIdentity(uri string) (Identity, error) {
	if len(uri) > maxIdentity {
		return Identity{}, invalid("identity", "longer than any identity")
	}
	rest, ok := strings.CutPrefix(uri, scheme)
	if !ok {
		return Identity{}, invalid("identity", fmt.Sprintf("%q does not begin with %s", uri, scheme))
	}
	path, query, _ := strings.Cut(rest, "?")
	kind, name, _ := strings.Cut(path, "/")
	id := Identity{Kind: Kind(kind), Name: name}
	if err := id.parseQuery(query); err != nil {
		return Identity{}, err
	}
	if err := id.Validate(); err != nil {
		return Identity{}, err
	}
	if id.String() != uri {
		return Identity{}, invalid("identity", fmt.Sprintf("%q is not written as %q", uri, id))
	}
	return id, nil
}

func (id *Identity) parseQuery(query string) error {
	if query == "" {
		return nil
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if err := id.parseField(key, value); err != nil {
			return wrap(linkspan.Invalid, "identity", fmt.Sprintf("%s=%q", key, value), "", err)
		}
	}
	return nil
}

func (id *Identity) parseField(key, value string) (err error) {
	var number uint64
	switch key {
	case "role":
		id.Role = Role(value)
	case "number":
		number, err = strconv.ParseUint(value, 10, 16)
		id.Number = linkspan.ChassisID(number)
	case "dpid":
		id.DPID, err = linkspan.ParseDPID(value)
	case "generation":
		id.Generation, err = strconv.ParseUint(value, 10, 64)
	default:
		err = fmt.Errorf("unknown field %q", key)
	}
	return err
}
