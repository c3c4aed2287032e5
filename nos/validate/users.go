// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"

	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/trust/password"
)

// passwordCost refuses hashes that nobody could log in with, or that would tie up the switch.
func passwordCost(root tree.Node, fail report) {
	for u := range root.Child("system").Child("users").Entries() {
		hash := u.Child("password-hash")
		if !hash.There() {
			continue
		}
		if err := password.Check(hash.Value()); err != nil {
			fail([]string{"system", "users", u.Key()[0], "password-hash"}, "what linkspan password makes", "%v", err)
		}
	}
}

// confinedToParts refuses paths that the schema does not have: they would allow nothing.
func confinedToParts(root tree.Node, fail report) {
	for u := range root.Child("system").Child("users").Entries() {
		for _, text := range u.Child("confined-to").Values() {
			_, err := tree.Part(root.Def(), text)
			var p *tree.Problem
			if errors.As(err, &p) {
				fail([]string{"system", "users", u.Key()[0], "confined-to", text}, p.Expected, "%s", p.Message)
			}
		}
	}
}
