// SPDX-License-Identifier: Apache-2.0

// Package account knows who may use a registry, and what for: users with a role, a
// password and grants on repositories, and the rights of those who come with a
// certificate. Rights are compared with scopes, as the token protocol of registries
// has them, and what is granted is the part of a scope that both have.
//
// It speaks no HTTP and issues no tokens; that is package token.
//
//	book := account.NewBook(store, rand.Reader, time.Now)
//	err := book.Create(ctx, account.User{Name: "ann", Role: trust.RoleOperator}, "correct horse")
//	user, err := book.Login(ctx, "ann", "correct horse")
//	granted := user.Rights().Grant(scopes)
package account
