// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"fmt"
	"sync/atomic"

	"github.com/linkspan/linkspan"
)

// Revocations is the set of revocations in force, asked at every handshake. The
// zero value revokes nothing, and so does a nil pointer. It is safe for
// concurrent use, and a lookup takes no lock.
type Revocations struct {
	set atomic.Pointer[revocationSet]
}

// revocationSet never changes once it is stored.
type revocationSet struct {
	serials map[string]Revocation
	names   map[kindName]Revocation
}

type kindName struct {
	kind Kind
	name string
}

// Replace puts the records, all of them, in the place of those before. The
// caller then asks [Revocations.IsRevoked] of every connection that stands.
func (r *Revocations) Replace(records []Revocation) {
	set := &revocationSet{serials: make(map[string]Revocation), names: make(map[kindName]Revocation)}
	for _, record := range records {
		set.add(record)
	}
	r.set.Store(set)
}

func (s *revocationSet) add(record Revocation) {
	if record.Serial != "" {
		s.serials[record.Serial] = record
	}
	if record.Name == "" {
		return
	}
	key := kindName{record.Kind, record.Name}
	if other, ok := s.names[key]; !ok || other.Generation < record.Generation {
		s.names[key] = record
	}
}

// IsRevoked reports whether the certificate was taken back.
func (r *Revocations) IsRevoked(cert *x509.Certificate) bool { return r.Check(cert) != nil }

// Check returns nil, or an error of code unauthenticated that says since when
// and why the certificate is revoked. One without an identity is refused too.
func (r *Revocations) Check(cert *x509.Certificate) error {
	id, err := IdentityOf(cert)
	if err != nil {
		return err
	}
	if r == nil {
		return nil
	}
	set := r.set.Load()
	if set == nil {
		return nil
	}
	if record, ok := set.serials[SerialOf(cert)]; ok {
		return revoked(id, record)
	}
	record, ok := set.names[kindName{id.Kind, id.Name}]
	if ok && id.Generation <= record.Generation {
		return revoked(id, record)
	}
	return nil
}

func revoked(id Identity, record Revocation) error {
	message := fmt.Sprintf("the certificate of %s was revoked at %s", id.Label(), record.At.UTC().Format("2006-01-02T15:04:05Z"))
	if record.Reason != "" {
		message += " (" + record.Reason + ")"
	}
	return refuse(linkspan.Unauthenticated, "verify certificate", message,
		"join again with a new token from \"linkspan switch token\"")
}
