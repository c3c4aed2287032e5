// SPDX-License-Identifier: Apache-2.0

// Package access says who may log in to a switch, and what they may do there: the
// users of the configuration (/system/users) with their roles, and root of the host. The
// shell, SSH and the API ask it; it asks nobody and opens nothing.
//
// A role is a set of [Act]s and, for changes, of parts of the configuration: what a
// node needs stands in the schema (changed-by), so that services bring it with
// theirs, and a user may be held to some parts (confined-to).
//
//	g := access.NewGuard(access.Options{Running: manager.Running})
//	user, err := g.Password(ctx, "ann", typed, peer)   // or g.Key(ctx, "ann", key, peer)
//	err = user.May(access.Edit)
//	err = user.MayChange(manager.Running(), session.Candidate())  // before Check and Commit
//	user, err = g.Again(user)                          // before each command: who is removed is out
package access
