// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
)

// Request is a new key and the certificate request for it. The key never leaves
// the process; the request names nobody, because a CA decides what it certifies.
type Request struct {
	key hidden[crypto.Signer]
	csr []byte
}

// NewRequest makes a key (ECDSA P-256) and a request for it.
func NewRequest() (*Request, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, fmt.Errorf("make a certificate request: %w", err)
	}
	return &Request{
		key: hide(key),
		csr: pem.EncodeToMemory(&pem.Block{Type: pemRequest, Bytes: der}),
	}, nil
}

// CSR returns the PKCS #10 request (RFC 2986) in PEM. It is no secret.
func (r *Request) CSR() []byte { return r.csr }

// Complete checks the answer of a CA, which is the certificate followed by the
// CA's own, in PEM: it must be for this key, be valid at now, and come from the
// CA with this fingerprint. An answer that is not is an error of code
// unauthenticated.
func (r *Request) Complete(chain []byte, ca Digest, now time.Time) (*KeyPair, error) {
	certs, err := ParseCertificates(chain)
	if err != nil {
		return nil, err
	}
	pair, err := newKeyPair(r.key(), certs)
	if err != nil {
		return nil, wrap(linkspan.Unauthenticated, "certificate", "the controller's answer is of no use", "", err)
	}
	if !FingerprintOf(pair.ca).Equal(ca) {
		return nil, refuse(linkspan.Unauthenticated, "certificate", "the controller answered with another CA", "")
	}
	if _, err := verify(certs, pair.ca, now, x509.ExtKeyUsageClientAuth); err != nil {
		return nil, err
	}
	return pair, nil
}

// LogValue shows that there is a request, and nothing of it.
func (r *Request) LogValue() slog.Value { return slog.StringValue("certificate request") }
