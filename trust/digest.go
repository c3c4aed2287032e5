// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/hex"
	"strings"
)

const digestPrefix = "sha256:"

// Digest is a SHA-256 sum, written "sha256:" and 64 lower-case hexadecimal
// digits. The zero value is no digest.
type Digest [sha256.Size]byte

// FingerprintOf returns the SHA-256 sum over the certificate's
// SubjectPublicKeyInfo in DER (RFC 5280, 4.1.2.7; the form that RFC 7469, 2.4
// pins). It names the key, so it outlives the certificate. OpenSSL prints it with
//
//	openssl x509 -in ca.crt -noout -pubkey | openssl pkey -pubin -outform DER | sha256sum
func FingerprintOf(cert *x509.Certificate) Digest {
	return sha256.Sum256(cert.RawSubjectPublicKeyInfo)
}

// ParseDigest reads what [Digest.String] writes; all else is an error of code
// invalid.
func ParseDigest(text string) (Digest, error) {
	var d Digest
	digits, ok := strings.CutPrefix(text, digestPrefix)
	if raw, err := hex.DecodeString(digits); ok && err == nil && len(raw) == len(d) && digits == strings.ToLower(digits) {
		return Digest(raw), nil
	}
	return d, invalid("digest", "not \"sha256:\" and 64 lower-case hexadecimal digits")
}

// String returns the digest's text.
func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

// Equal compares in constant time.
func (d Digest) Equal(other Digest) bool {
	return subtle.ConstantTimeCompare(d[:], other[:]) == 1
}

// IsZero reports whether there is no digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText returns the digest's text.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the digest's text.
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err == nil {
		*d = parsed
	}
	return err
}
