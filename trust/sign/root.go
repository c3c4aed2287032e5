// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
)

// RootType is the payload type of a root document.
const RootType = "application/vnd.linkspan.root.v1+json"

// Limits of root documents.
const (
	MaxKeys = 16 // of a role
	maxRoot = 256 << 10
)

// Role is keys, of which a number together speak for something.
type Role struct {
	Threshold int         `json:"threshold"`
	Keys      []PublicKey `json:"keys"`
}

// Root says whose signatures a fleet trusts. Each version is signed by the root role of the one
// before it and by its own.
type Root struct {
	Type    string    `json:"type"` // RootType
	Fleet   string    `json:"fleet"`
	Version uint64    `json:"version"` // from 1, without gaps
	Issued  time.Time `json:"issued"`
	Root    Role      `json:"root"`    // who says whom the fleet trusts
	Scripts Role      `json:"scripts"` // who signs behavior scripts
}

// Validate says whether a root can be signed: a name, a version, and roles that can be filled. The
// error has code Invalid.
func (r *Root) Validate() error {
	if r.Type != RootType || r.Version == 0 || r.Issued.IsZero() {
		return invalid("root document", fmt.Sprintf("its type %.80q, version %d or time is none", r.Type, r.Version), "")
	}
	if err := linkspan.ValidateName("fleet", r.Fleet); err != nil {
		return err
	}
	return errors.Join(r.Root.validate("root"), r.Scripts.validate("scripts"))
}

func (r Role) validate(name string) error {
	if r.Threshold < 1 || r.Threshold > len(r.Keys) || len(r.Keys) > MaxKeys {
		return invalid("role "+name, fmt.Sprintf("%d of %d keys cannot sign", r.Threshold, len(r.Keys)), fmt.Sprintf("name at most %d keys, and of how many of them signatures are needed", MaxKeys))
	}
	for i, key := range r.Keys {
		if slices.Contains(r.Keys[:i], key) {
			return invalid("role "+name, "key "+key.ID()+" is there twice", "each counts once")
		}
	}
	return nil
}

// SealRoot returns a root document in its envelope, signed by all of the keys. Where these are not
// enough, others sign it by [Cosign]; [FirstRoot] and [Root.Next] say whether they are.
func SealRoot(r *Root, keys ...*Key) ([]byte, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return Seal(RootType, payload, keys...)
}

// FirstRoot reads a root document that is trusted because of where it is from: it must be
// signed by its own keys. To pin it, compare its [Digest].
func FirstRoot(envelope []byte) (*Root, error) {
	r, err := peekRoot(envelope)
	if err != nil {
		return nil, err
	}
	if _, err := r.Root.Open(envelope, RootType); err != nil {
		return nil, fmt.Errorf("root document %d: %w", r.Version, err)
	}
	return r, nil
}

// Next reads the version that follows r: one more, of the same fleet, signed by the root roles
// of both. The error has code Conflict for any other version.
func (r *Root) Next(envelope []byte) (*Root, error) {
	next, err := FirstRoot(envelope)
	if err != nil {
		return nil, err
	}
	if next.Fleet != r.Fleet {
		return nil, &linkspan.Error{Code: linkspan.Permission, Op: "root document", Message: fmt.Sprintf("it is of fleet %s and not of %s", next.Fleet, r.Fleet)}
	}
	if next.Version != r.Version+1 {
		return nil, &linkspan.Error{Code: linkspan.Conflict, Op: "root document", Message: fmt.Sprintf("version %d does not follow %d", next.Version, r.Version), Hint: "give all versions, in order"}
	}
	if _, err := r.Root.Open(envelope, RootType); err != nil {
		return nil, fmt.Errorf("root document %d, by the keys of version %d: %w", next.Version, r.Version, err)
	}
	return next, nil
}

// Follow reads versions in their order; those that r has behind it are passed over. It returns r
// where none is newer.
func (r *Root) Follow(envelopes ...[]byte) (*Root, error) {
	for _, envelope := range envelopes {
		peeked, err := peekRoot(envelope)
		if err != nil {
			return nil, err
		}
		if peeked.Fleet == r.Fleet && peeked.Version <= r.Version {
			continue
		}
		if r, err = r.Next(envelope); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// peekRoot reads a root document that nobody has judged.
func peekRoot(envelope []byte) (*Root, error) {
	payloadType, payload, _, err := Peek(envelope)
	if err != nil {
		return nil, err
	}
	if payloadType != RootType {
		return nil, refused("root document", ErrType, fmt.Sprintf("%.80q and not %q", payloadType, RootType))
	}
	var r Root
	if err := strict(payload, maxRoot, &r); err != nil {
		return nil, refused("root document", ErrForm, err.Error())
	}
	return &r, r.Validate()
}

// Digest returns what a payload is known by: sha256: and hexadecimal digits. It is not of the
// envelope, which gets signatures afterwards.
func Digest(payload []byte) string {
	sum := sha256.Sum256(payload)
	return "sha256:" + hex.EncodeToString(sum[:])
}
