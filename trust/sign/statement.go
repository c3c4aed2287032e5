// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"encoding/json"

	"github.com/linkspan/linkspan"
)

// maxStatement is the greatest size of a statement, in bytes of JSON.
const maxStatement = 4 << 20

// SealStatement returns a statement in its envelope, signed by all of the keys. Whether they
// are enough a [Root] says.
func SealStatement(s *linkspan.Statement, keys ...*Key) ([]byte, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, err
	}
	return Seal(linkspan.StatementType, payload, keys...)
}

// Statement returns what is in an envelope that the fleet's keys for scripts have signed, and its
// digest. It is valid by itself; to whom it speaks, and when, is for others to judge.
func (r *Root) Statement(envelope []byte) (s *linkspan.Statement, digest string, err error) {
	payload, err := r.Scripts.Open(envelope, linkspan.StatementType)
	if err != nil {
		return nil, "", err
	}
	s, err = parseStatement(payload)
	return s, Digest(payload), err
}

// PeekStatement returns the statement in an envelope, and its digest, without judging by whom it is
// signed: for people, and for names of files.
func PeekStatement(envelope []byte) (s *linkspan.Statement, digest string, err error) {
	payloadType, payload, _, err := Peek(envelope)
	if err != nil {
		return nil, "", err
	}
	if payloadType != linkspan.StatementType {
		return nil, "", refused("script", ErrType, payloadType)
	}
	s, err = parseStatement(payload)
	return s, Digest(payload), err
}

func parseStatement(payload []byte) (*linkspan.Statement, error) {
	var s linkspan.Statement
	if err := strict(payload, maxStatement, &s); err != nil {
		return nil, refused("script", ErrForm, err.Error())
	}
	return &s, s.Validate()
}
