// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"time"

	"github.com/linkspan/linkspan"
)

// TokenRecord is what a controller stores of a token: enough to know it again,
// not enough to make it. Its JSON form is stable.
type TokenRecord struct {
	ID        TokenID   `json:"id"`
	Hash      Digest    `json:"hash"`
	Created   time.Time `json:"created"`
	CreatedBy Identity  `json:"created_by,omitzero"`
	Expires   time.Time `json:"expires,omitzero"` // zero for never

	Used    time.Time `json:"used,omitzero"` // zero while unused
	UsedBy  Identity  `json:"used_by,omitzero"`
	UsedKey Digest    `json:"used_key,omitzero"` // fingerprint of the key that was certified
}

// Redeem returns the record as it must be stored, in the same transaction that
// read it, before a certificate is answered. The certificate is for the UsedBy
// of that record. The id and secret are those the host presented; key is the
// fingerprint of the key in its request ([RequestKey]).
//
// A token that was used already is refused, except when the same key asks for
// the same name again: a host whose answer was lost may repeat its request, and
// is who it was the first time. An id that is not in the store is redeemed on
// the zero TokenRecord, so that a wrong id and a wrong secret look the same.
// Refusals are of code unauthenticated.
func (r TokenRecord) Redeem(id TokenID, secret Secret, who Identity, key Digest, now time.Time) (TokenRecord, error) {
	right := secret.hash(id).Equal(r.Hash) && r.ID == id && secret.bits != nil
	switch {
	case !right:
		return TokenRecord{}, refusedToken(id, "the controller does not know it")
	case !r.Used.IsZero():
		if r.UsedKey.Equal(key) && r.UsedBy.Kind == who.Kind && r.UsedBy.Name == who.Name {
			return r, nil
		}
		return TokenRecord{}, refusedToken(id, "it was used already, by "+r.UsedBy.Label())
	case r.Expired(now):
		return TokenRecord{}, refusedToken(id, "it expired at "+r.Expires.UTC().Format(time.RFC3339))
	}
	if err := who.Validate(); err != nil {
		return TokenRecord{}, err
	}
	r.Used, r.UsedBy, r.UsedKey = now.UTC(), who, key
	return r, nil
}

// Expired reports whether the token can no longer be used at now.
func (r TokenRecord) Expired(now time.Time) bool {
	return !r.Expires.IsZero() && !now.Before(r.Expires)
}

func refusedToken(id TokenID, why string) error {
	return refuse(linkspan.Unauthenticated, "join token "+id.String(), why,
		"make a new one with \"linkspan switch token\"; each is good for one host, once")
}
