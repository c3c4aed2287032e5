// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/linkspan/linkspan"
)

// Limits of envelopes.
const (
	MaxEnvelope   = 8 << 20 // bytes
	MaxSignatures = 32
)

// The errors that a refused envelope has in its chain. They are never changed.
var (
	ErrUnsigned = errors.New("it is not signed")
	ErrKeys     = errors.New("it is not signed by enough of the keys that are trusted")
	ErrTampered = errors.New("it was changed after it was signed")
	ErrType     = errors.New("it is of another type")
	ErrForm     = errors.New("it is not understood")
)

// Seal returns an envelope with a signature of each key.
func Seal(payloadType string, payload []byte, keys ...*Key) ([]byte, error) {
	signers := make([]dsse.Signer, len(keys))
	for i, key := range keys {
		signers[i] = key
	}
	signer, err := dsse.NewEnvelopeSigner(signers...)
	if err != nil {
		return nil, invalid("sign", "there is no key to sign with", "--key FILE")
	}
	envelope, err := signer.SignPayload(context.Background(), payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return encode(envelope)
}

func encode(e *dsse.Envelope) ([]byte, error) {
	text, err := json.MarshalIndent(e, "", "  ")
	if err == nil && len(text) >= MaxEnvelope {
		err = invalid("sign", fmt.Sprintf("the envelope is %d bytes long, at most %d are read", len(text), MaxEnvelope), "")
	}
	return append(text, '\n'), err
}

// Cosign adds signatures to an envelope, which must not have one of the same key. What is in it is
// not judged: see [Peek].
func Cosign(envelope []byte, keys ...*Key) ([]byte, error) {
	e, payload, err := parse(envelope)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if slices.ContainsFunc(e.Signatures, func(s dsse.Signature) bool { return s.KeyID == key.String() }) {
			return nil, &linkspan.Error{Code: linkspan.Exists, Op: "sign", Message: "key " + key.String() + " has signed it already"}
		}
		sig, err := key.Sign(context.Background(), dsse.PAE(e.PayloadType, payload))
		if err != nil {
			return nil, err
		}
		e.Signatures = append(e.Signatures, dsse.Signature{KeyID: key.String(), Sig: base64.StdEncoding.EncodeToString(sig)})
	}
	return encode(e)
}

// Peek returns what is in an envelope, and the ids of the keys that are said to have signed it,
// without judging either: for people, and for what is judged afterwards.
func Peek(envelope []byte) (payloadType string, payload []byte, keys []string, err error) {
	e, payload, err := parse(envelope)
	if err != nil {
		return "", nil, nil, err
	}
	for _, s := range e.Signatures {
		keys = append(keys, s.KeyID)
	}
	return e.PayloadType, payload, keys, nil
}

// parse reads an envelope in its only form, and its payload.
func parse(envelope []byte) (*dsse.Envelope, []byte, error) {
	var e dsse.Envelope
	if err := strict(envelope, MaxEnvelope, &e); err != nil {
		return nil, nil, refused("envelope", ErrForm, err.Error())
	}
	payload, err := base64.StdEncoding.Strict().DecodeString(e.Payload)
	if err != nil {
		return nil, nil, refused("envelope", ErrForm, "its payload is not base64")
	}
	if len(e.Signatures) > MaxSignatures {
		return nil, nil, refused("envelope", ErrForm, fmt.Sprintf("it has %d signatures, at most %d are looked at", len(e.Signatures), MaxSignatures))
	}
	return &e, payload, nil
}

// Open returns the payload of an envelope that has enough signatures of a role's keys over it
// and its type. The error has code Permission and one of this package's errors in its chain; one
// that is not understood has code Invalid.
func (r Role) Open(envelope []byte, payloadType string) ([]byte, error) {
	e, payload, err := parse(envelope)
	if err != nil {
		return nil, err
	}
	if e.PayloadType != payloadType {
		return nil, refused("envelope", ErrType, fmt.Sprintf("%.80q and not %q", e.PayloadType, payloadType))
	}
	if len(e.Signatures) == 0 {
		return nil, refused("envelope", ErrUnsigned, "")
	}
	verifiers := make([]dsse.Verifier, len(r.Keys))
	for i, key := range r.Keys {
		verifiers[i] = verifier{key}
	}
	v, err := dsse.NewMultiEnvelopeVerifier(r.Threshold, verifiers...)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	accepted, err := v.Verify(context.Background(), e)
	if err != nil {
		return nil, r.why(e, len(accepted))
	}
	return payload, nil
}

// why says what is wrong with the signatures of an envelope.
func (r Role) why(e *dsse.Envelope, accepted int) error {
	for _, s := range e.Signatures {
		known := slices.ContainsFunc(r.Keys, func(k PublicKey) bool { return k.ID() == s.KeyID })
		if known && accepted < r.Threshold && !r.holds(e, s) {
			return refused("envelope", ErrTampered, fmt.Sprintf("the signature of key %.12s is not of what is in it", s.KeyID))
		}
	}
	return refused("envelope", ErrKeys, fmt.Sprintf("%d of them have signed it, %d must", accepted, r.Threshold))
}

// holds says whether one signature is right.
func (r Role) holds(e *dsse.Envelope, s dsse.Signature) bool {
	sig, err := base64.StdEncoding.DecodeString(s.Sig)
	payload, payloadErr := e.DecodeB64Payload()
	if err != nil || payloadErr != nil {
		return false
	}
	return slices.ContainsFunc(r.Keys, func(k PublicKey) bool {
		return k.ID() == s.KeyID && verifier{k}.Verify(context.Background(), dsse.PAE(e.PayloadType, payload), sig) == nil
	})
}

// refused is an error of what is not accepted.
func refused(what string, why error, more string) error {
	code := linkspan.Permission
	if errors.Is(why, ErrForm) {
		code = linkspan.Invalid
	}
	return &linkspan.Error{Code: code, Op: what, Message: more, Err: why}
}
