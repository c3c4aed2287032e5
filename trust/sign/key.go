// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/linkspan/linkspan"
)

const (
	pemPrivate = "PRIVATE KEY" // PKCS #8 (RFC 5958)
	pemPublic  = "PUBLIC KEY"  // SubjectPublicKeyInfo (RFC 5280)
)

// Key signs. It shows as its public half, however it is printed.
type Key struct {
	public  PublicKey
	private func() ed25519.PrivateKey // no printing finds what a function returns
}

var _ dsse.Signer = (*Key)(nil)

// NewKey draws a key from random.
func NewKey(random io.Reader) (*Key, error) {
	_, private, err := ed25519.GenerateKey(random)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return newKey(private), nil
}

func newKey(private ed25519.PrivateKey) *Key {
	return &Key{public: PublicKey{bits: [ed25519.PublicKeySize]byte(private.Public().(ed25519.PublicKey))}, private: func() ed25519.PrivateKey { return private }}
}

// ParseKey reads a key in PEM, as [Key.Encode] writes it. Errors have code Invalid.
func ParseKey(text []byte) (*Key, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemPrivate {
		return nil, invalid("key", "there is no private key in PEM", "linkspan script key create")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, invalid("key", "it is no Ed25519 key", "linkspan script key create")
	}
	return newKey(private), nil
}

// Encode returns the key in PEM, unencrypted: for a file that its owner alone may open.
func (k *Key) Encode() ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.private())
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}), nil
}

// Public returns the half that verifies.
func (k *Key) Public() PublicKey { return k.public }

// String returns the key's id.
func (k *Key) String() string { return k.public.ID() }

// LogValue shows the key's id.
func (k *Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// KeyID returns the key's id.
func (k *Key) KeyID() (string, error) { return k.public.ID(), nil }

// Sign returns a signature.
func (k *Key) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(k.private(), data), nil
}

// PublicKey verifies. It can be compared, and is written as the base64 of its 32 bytes.
type PublicKey struct {
	bits [ed25519.PublicKeySize]byte
}

// ID returns the SHA-256 of the key's 32 bytes, in hexadecimal digits.
func (p PublicKey) ID() string {
	sum := sha256.Sum256(p.bits[:])
	return hex.EncodeToString(sum[:])
}

// String returns the id.
func (p PublicKey) String() string { return p.ID() }

// MarshalText writes base64 (RFC 4648, 4).
func (p PublicKey) MarshalText() ([]byte, error) {
	return []byte(base64.StdEncoding.EncodeToString(p.bits[:])), nil
}

// UnmarshalText reads it.
func (p *PublicKey) UnmarshalText(text []byte) error {
	bits, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(bits) != len(p.bits) {
		return invalid("public key", "it is not the base64 of 32 bytes", "")
	}
	p.bits = [ed25519.PublicKeySize]byte(bits)
	return nil
}

// Encode returns the key in PEM.
func (p PublicKey) Encode() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(p.bits[:]))
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPublic, Bytes: der}), nil
}

// ParsePublicKey reads a public key in PEM. Errors have code Invalid.
func ParsePublicKey(text []byte) (PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemPublic {
		return PublicKey{}, invalid("key", "there is no public key in PEM", "linkspan script key create writes one beside the key: NAME.pub")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	public, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return PublicKey{}, invalid("key", "it is no Ed25519 key", "linkspan script key create")
	}
	return PublicKey{[ed25519.PublicKeySize]byte(public)}, nil
}

// verifier is a public key as package dsse asks it.
type verifier struct{ PublicKey }

var _ dsse.Verifier = verifier{}

// errSignature is never changed.
var errSignature = errors.New("the signature is not of this key")

func (v verifier) Verify(_ context.Context, data, sig []byte) error {
	if ed25519.Verify(v.bits[:], data, sig) {
		return nil
	}
	return errSignature
}

func (v verifier) KeyID() (string, error)   { return v.ID(), nil }
func (v verifier) Public() crypto.PublicKey { return ed25519.PublicKey(v.bits[:]) }

func invalid(op, message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Op: op, Message: message, Hint: hint}
}
