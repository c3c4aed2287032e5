// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"time"
)

// Revocation takes back certificates before they expire: one, by its serial
// number, or all of a name's. A controller stores it; its JSON form is stable.
type Revocation struct {
	Serial string `json:"serial,omitempty"` // one certificate, see [SerialOf]

	Kind       Kind   `json:"kind,omitempty"` // all certificates of this kind and name
	Name       string `json:"name,omitempty"`
	Generation uint64 `json:"generation,omitempty"` // up to and with this one, see [Identity]

	At     time.Time `json:"at"`
	By     Identity  `json:"by,omitzero"`
	Reason string    `json:"reason,omitempty"`
	// Expires is when the last certificate it covers has expired by itself, and
	// the revocation may be forgotten. Zero is never.
	Expires time.Time `json:"expires,omitzero"`
}

// RevokeCertificate returns the revocation of one certificate, and no other of
// the same name.
func RevokeCertificate(cert *x509.Certificate, by Identity, reason string, now time.Time) Revocation {
	return Revocation{
		Serial: SerialOf(cert), At: now.UTC(), By: by, Reason: reason,
		Expires: cert.NotAfter.UTC(),
	}
}

// RevokeName returns the revocation of every certificate of who's kind and name
// up to its generation, as when a chassis is removed. The lifetime is that of
// the CA's certificates.
func RevokeName(who, by Identity, reason string, now time.Time, lifetime time.Duration) Revocation {
	return Revocation{
		Kind: who.Kind, Name: who.Name, Generation: who.Generation,
		At: now.UTC(), By: by, Reason: reason,
		Expires: now.UTC().Add(lifetime + maxSkew),
	}
}

// Obsolete reports whether the revocation may be forgotten at now.
func (r Revocation) Obsolete(now time.Time) bool {
	return !r.Expires.IsZero() && now.After(r.Expires)
}
