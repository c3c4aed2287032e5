// SPDX-License-Identifier: Apache-2.0

// Package crowd bounds what people on the network can take of a switch before and after
// they have logged in, by whatever protocol: connections ([Places]), and records of the audit
// log about logins that were refused ([Refusals]). Who may log in is package access.
//
//	place := places.Come(from, conn.Close)
//	if !places.Enter(user) { ... }
package crowd
