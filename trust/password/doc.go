// SPDX-License-Identifier: Apache-2.0

// Package password makes hashes of passwords and compares passwords with them. It
// makes argon2id (RFC 9106) in the PHC string format and reads bcrypt as well, which
// other tools make. What a comparison may cost is bounded: a hash that asks for
// more is refused, so that nobody ties up a switch by a hash.
//
// It keeps nothing and knows no users.
//
//	hash, err := password.Hash("correct horse", rand.Reader)
//	err = password.Check(hash)              // nil: it can be used
//	same, err := password.Verify(hash, "correct horse")
package password
