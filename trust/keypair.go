// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
)

// KeyPair is a certificate, its key, and the CA that issued it. It never
// changes.
type KeyPair struct {
	key  hidden[crypto.Signer]
	leaf *x509.Certificate
	ca   *x509.Certificate
	id   Identity
}

// newKeyPair takes the certificate and its CA's, in this order.
func newKeyPair(key crypto.Signer, certs []*x509.Certificate) (*KeyPair, error) {
	if len(certs) != 2 {
		return nil, invalid("certificate", "there must be two in the chain, its own and its CA's")
	}
	if !sameKey(certs[0], key) {
		return nil, invalid("certificate", "it is for another key")
	}
	id, err := IdentityOf(certs[0])
	if err != nil {
		return nil, err
	}
	return &KeyPair{key: hide(key), leaf: certs[0], ca: certs[1], id: id}, nil
}

// Identity returns who the certificate speaks for.
func (p *KeyPair) Identity() Identity { return p.id }

// Certificate returns the certificate, which must not be changed.
func (p *KeyPair) Certificate() *x509.Certificate { return p.leaf }

// CA returns the certificate of the CA, which must not be changed.
func (p *KeyPair) CA() *x509.Certificate { return p.ca }

// String names the key pair without its key.
func (p *KeyPair) String() string { return p.id.String() + " serial " + SerialOf(p.leaf) }

// LogValue shows the identity and the serial number alone.
func (p *KeyPair) LogValue() slog.Value { return slog.StringValue(p.String()) }

// tls returns what a handshake presents. The CA's certificate is part of it, so
// that a host that knows only its fingerprint can verify the chain.
func (p *KeyPair) tls() *tls.Certificate {
	return &tls.Certificate{
		Certificate: [][]byte{p.leaf.Raw, p.ca.Raw},
		PrivateKey:  p.key(),
		Leaf:        p.leaf,
	}
}

// encode returns key, certificate and CA in PEM, the one file of a [Keeper].
func (p *KeyPair) encode() ([]byte, error) {
	text, err := encodeKey(p.key())
	if err != nil {
		return nil, err
	}
	return append(text, EncodeCertificates(p.leaf, p.ca)...), nil
}

func decodeKeyPair(text []byte) (*KeyPair, error) {
	key, err := parseKey(text)
	if err != nil {
		return nil, err
	}
	certs, err := ParseCertificates(text)
	if err != nil {
		return nil, err
	}
	return newKeyPair(key, certs)
}
