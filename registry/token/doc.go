// SPDX-License-Identifier: Apache-2.0

// Package token issues the tokens of a registry and reads them again: JSON web tokens
// (RFC 7519) signed with ES256, in the form of the distribution project's token
// authentication specification, so that registries of others can use this service too:
// they need the name of the service and the file with the public key ([Issuer.KeySet]).
//
// Tokens say what their bearer may do and are good for five minutes. Nothing takes them
// back: who loses a right keeps it for that long.
//
//	issuer, err := token.Open("/var/lib/linkspan/registry/token", time.Now)
//	text, err := issuer.Issue("ann", "linkspan", granted)
//	claims, err := issuer.Read(text, "linkspan")
//	mux.Handle("GET /token", token.Handler{Issuer: issuer, Services: []string{"linkspan"}, Who: who})
package token
