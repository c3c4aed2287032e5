// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
)

// Name is who issues the tokens, as their iss claim has it.
const Name = "linkspan"

// Lifetime is how long a token is good.
const Lifetime = 5 * time.Minute

// maxToken is the greatest length of a token that is read, in bytes.
const maxToken = 64 << 10

// skew is how far the clocks of two registries may be apart.
const skew = time.Minute

// Issuer has the key that tokens are signed with. It is safe for concurrent use.
type Issuer struct {
	key *ecdsa.PrivateKey
	id  string // of the key (RFC 7638)
	set string // file with the public key
	now func() time.Time
}

// Open reads the key in a folder, and makes it the first time. Both files in it, the key
// and the set of public keys for registries of others, are for their owner alone.
func Open(dir string, now func() time.Time) (*Issuer, error) {
	key, err := openKey(dir)
	if err != nil {
		return nil, err
	}
	public := webKeyOf(&key.PublicKey)
	i := &Issuer{key: key, id: public.ID, set: filepath.Join(dir, "jwks.json"), now: now}
	return i, writeKeySet(i.set, public)
}

// KeySet returns the file with the public key, as a JSON web key set (RFC 7517).
func (i *Issuer) KeySet() string { return i.set }

// Claims are what a token says.
type Claims struct {
	jwt.RegisteredClaims
	Access []account.Scope `json:"access"`
}

// May says whether the token has an action on a thing.
func (c Claims) May(typ, name, action string) bool {
	for _, s := range c.Access {
		if s.Type == typ && s.Name == name && (s.Has(action) || s.Has(account.All)) {
			return true
		}
	}
	return false
}

// Token is one that was issued.
type Token struct {
	Text    string
	Issued  time.Time
	Expires time.Time
}

// Issue signs a token for a service, which is the registry that it is for.
func (i *Issuer) Issue(subject, service string, access []account.Scope) (Token, error) {
	var number [16]byte
	_, _ = rand.Read(number[:]) // never fails (crypto/rand)
	t := Token{Issued: i.now().UTC().Truncate(time.Second)}
	t.Expires = t.Issued.Add(Lifetime)
	if access == nil {
		access = []account.Scope{}
	}
	raw := jwt.NewWithClaims(jwt.SigningMethodES256, Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: Name, Subject: subject, Audience: jwt.ClaimStrings{service}, ID: hex.EncodeToString(number[:]),
			IssuedAt: jwt.NewNumericDate(t.Issued), NotBefore: jwt.NewNumericDate(t.Issued.Add(-skew)), ExpiresAt: jwt.NewNumericDate(t.Expires),
		},
		Access: access,
	})
	raw.Header["kid"] = i.id
	var err error
	if t.Text, err = raw.SignedString(i.key); err != nil {
		return Token{}, fmt.Errorf("sign a token: %w", err)
	}
	return t, nil
}

// Read returns what a token of this issuer for a service says. The error is Unauthenticated
// for one that is not good now, was issued for another service or by somebody else.
func (i *Issuer) Read(text, service string) (Claims, error) {
	var c Claims
	if len(text) > maxToken {
		return c, refused("it is too long", nil)
	}
	_, err := jwt.ParseWithClaims(text, &c, func(*jwt.Token) (any, error) { return &i.key.PublicKey, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodES256.Alg()}), jwt.WithIssuer(Name), jwt.WithAudience(service),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(i.now))
	if err != nil {
		return Claims{}, refused("it is not good", err)
	}
	return c, nil
}

func refused(why string, err error) error {
	return &linkspan.Error{Code: linkspan.Unauthenticated, Op: "read a token", Message: why, Hint: "ask the token service for another one", Err: err}
}
