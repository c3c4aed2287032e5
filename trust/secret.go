// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
)

const (
	secretSize = 32 // bytes: 256 bits cannot be guessed, so their plain hash may be stored
	redacted   = "[redacted]"
)

// Secret is 256 random bits. However it is printed, logged or marshalled, it
// shows as "[redacted]"; only [Secret.Reveal] gives it away. The zero value holds
// nothing.
type Secret struct {
	bits hidden[[secretSize]byte]
}

// NewSecret draws a secret from random.
func NewSecret(random io.Reader) (Secret, error) {
	var bits [secretSize]byte
	if _, err := io.ReadFull(random, bits[:]); err != nil {
		return Secret{}, fmt.Errorf("draw a secret: %w", err)
	}
	return Secret{bits: hide(bits)}, nil
}

// SecretFrom returns the secret with these bits, as a controller receives it.
// Any other length than 32 bytes is an error of code invalid.
func SecretFrom(bits []byte) (Secret, error) {
	if len(bits) != secretSize {
		return Secret{}, invalid("secret", fmt.Sprintf("%d bytes instead of %d", len(bits), secretSize))
	}
	return Secret{bits: hide([secretSize]byte(bits))}, nil
}

// Reveal returns a copy of the bits, or nil when there are none.
func (s Secret) Reveal() []byte {
	if s.bits == nil {
		return nil
	}
	bits := s.bits()
	return bits[:]
}

// hash returns the digest that may be stored, bound to the token id so that it
// says nothing about any other token.
func (s Secret) hash(id TokenID) Digest {
	h := sha256.New()
	h.Write([]byte("linkspan join token\x00"))
	h.Write(id[:])
	h.Write(s.Reveal())
	return Digest(h.Sum(nil))
}

// String returns "[redacted]".
func (Secret) String() string { return redacted }

// Format writes "[redacted]" for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// LogValue returns "[redacted]".
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText returns "[redacted]".
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
