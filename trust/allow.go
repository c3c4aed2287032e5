// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"

	"github.com/linkspan/linkspan"
)

// Allow returns nil when the identity may do the action, else an error that
// says who lacks what and what to do next: of code unauthenticated for nobody,
// permission for somebody, internal for an action that is not in the table.
func Allow(id Identity, action Action) error {
	to, known := granted(action)
	switch {
	case !known:
		return refuse(linkspan.Internal, string(action), "no rule says who may do this", "")
	case id.IsZero():
		return anonymous(string(action))
	case to&partyOf(id) == 0:
		return refuse(linkspan.Permission, string(action),
			id.Label()+" may not do this", askFor(to))
	}
	return nil
}

// AllowOwn is [Allow] for an action on what belongs to one chassis, such as
// [EndpointWriteOwn]: a chassis may do it on its own things only. The owner
// is a chassis, by its name.
func AllowOwn(id Identity, action Action, owner string) error {
	if err := Allow(id, action); err != nil {
		return err
	}
	if id.Kind == KindChassis && id.Name != owner {
		return refuse(linkspan.Permission, string(action),
			id.Label()+" may not do this for chassis "+owner,
			"do it on "+owner)
	}
	return nil
}

func askFor(to party) string {
	if to&users == 0 {
		return fmt.Sprintf("only a %s may, for itself", to)
	}
	return fmt.Sprintf("ask a user with the role %s", to&users)
}
