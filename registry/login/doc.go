// SPDX-License-Identifier: Apache-2.0

// Package login is the client's side of logging in to a registry: it proves a name and a
// password to it, and keeps them and the registry's CA where Docker finds them, so that
// after one login docker, skopeo and oras can use the registry as this program can.
//
//	place := login.Here()
//	err := login.Prove(ctx, place.HTTP("registry:5000"), "registry:5000", "ann", secret)
//	err = place.Keep("registry:5000", login.Credential{Name: "ann", Secret: secret})
//	client := place.API("registry:5000")
package login
