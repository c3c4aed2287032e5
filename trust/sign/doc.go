// SPDX-License-Identifier: Apache-2.0

// Package sign signs behavior scripts, and says whether one is signed by whom a fleet trusts.
// An envelope is a DSSE (Dead Simple Signing Envelope, version 1): its signatures are Ed25519
// (RFC 8032) over the payload and its type together. Whom a fleet trusts a [Root] says: a document with
// a version, signed by the keys of the version before it and by its own, so that keys
// change without anybody visiting a switch.
//
// It reads no clock, and keeps nothing: expiry, order and targets are inside the signed
// payload ([linkspan.Statement]) and package nos/script judges them.
//
//	key, err := sign.NewKey(rand.Reader)
//	root := sign.Root{Fleet: "f1", Version: 1, Root: sign.Role{Threshold: 1, Keys: ...}, Scripts: ...}
//	first, err := sign.SealRoot(&root, key)
//	envelope, err := sign.SealStatement(&statement, key)
//	statement, digest, err := root.Statement(envelope)
package sign
