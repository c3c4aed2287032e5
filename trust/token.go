// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// DefaultTokenLifetime is how long a join token is good for unless told
// otherwise.
const DefaultTokenLifetime = 24 * time.Hour

// TokenID names a token in the store, in logs and in listings. It is no secret.
type TokenID [10]byte

// String returns 20 hexadecimal digits.
func (id TokenID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText returns 20 hexadecimal digits.
func (id TokenID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads 20 hexadecimal digits.
func (id *TokenID) UnmarshalText(text []byte) error {
	parsed, err := ParseTokenID(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

// ParseTokenID reads what [TokenID.String] writes; all else is an error of code
// invalid.
func ParseTokenID(text string) (TokenID, error) {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(TokenID{}) || TokenID(raw).String() != text {
		return TokenID{}, invalid("token", fmt.Sprintf("%q is not a token id of 20 hexadecimal digits", text))
	}
	return TokenID(raw), nil
}

// Token is what a host needs to join, once: where a controller is, how to know
// that it is the right one, and the secret that lets the host in.
type Token struct {
	ID        TokenID
	CA        Digest    // fingerprint of the CA, see [FingerprintOf]
	Addresses []string  // host:port of controllers, to try in this order; may be empty
	Expires   time.Time // zero for never; whole seconds
	Secret    Secret
}

// TokenRequest says what kind of token is wanted.
type TokenRequest struct {
	CA        Digest
	Addresses []string      // at most 16, each host:port
	Lifetime  time.Duration // zero for [DefaultTokenLifetime], negative for no end
	CreatedBy Identity      // for the record

	Now  time.Time // zero for time.Now()
	Rand io.Reader // nil for crypto/rand
}

// NewToken makes a token and the record that a controller stores of it. The
// token's text, [Token.Reveal], is shown once and stored nowhere.
func NewToken(req TokenRequest) (Token, TokenRecord, error) {
	if req.Now.IsZero() {
		req.Now = time.Now()
	}
	if req.Rand == nil {
		req.Rand = rand.Reader
	}
	if req.Lifetime == 0 {
		req.Lifetime = DefaultTokenLifetime
	}
	token := Token{CA: req.CA, Addresses: req.Addresses}
	if req.Lifetime > 0 {
		token.Expires = req.Now.Add(req.Lifetime).UTC().Truncate(time.Second)
	}
	if err := token.draw(req.Rand); err != nil {
		return Token{}, TokenRecord{}, err
	}
	if err := token.validate(); err != nil {
		return Token{}, TokenRecord{}, err
	}
	return token, TokenRecord{
		ID:        token.ID,
		Hash:      token.Secret.hash(token.ID),
		Created:   req.Now.UTC(),
		CreatedBy: req.CreatedBy,
		Expires:   token.Expires,
	}, nil
}

func (t *Token) draw(random io.Reader) (err error) {
	if _, err = io.ReadFull(random, t.ID[:]); err != nil {
		return fmt.Errorf("draw a token id: %w", err)
	}
	t.Secret, err = NewSecret(random)
	return err
}

// Expired reports whether the token can no longer be used at now.
func (t Token) Expired(now time.Time) bool {
	return !t.Expires.IsZero() && !now.Before(t.Expires)
}

// String names the token without its secret.
func (t Token) String() string { return "join token " + t.ID.String() }

// GoString is the same as String.
func (t Token) GoString() string { return t.String() }

// LogValue shows the token's id alone.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }
