// SPDX-License-Identifier: Apache-2.0

package account

import "github.com/linkspan/linkspan/trust"

// Party is who asks, and what that one may do.
type Party struct {
	Identity trust.Identity
	Rights   Rights
}

// Party returns the user as who asks.
func (u User) Party() Party { return Party{Identity: u.Identity(), Rights: u.Rights()} }

// PartyOf returns the owner of a certificate as who asks.
func PartyOf(id trust.Identity) Party { return Party{Identity: id, Rights: RightsOf(id)} }
