// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"time"
)

const (
	// DefaultLifetime is how long the certificates that a CA issues are valid.
	DefaultLifetime = 90 * 24 * time.Hour

	caYears = 10
	// maxSkew is how far behind a peer's clock may be and still accept a
	// certificate that was issued just now.
	maxSkew = 5 * time.Minute
)

// CAConfig holds what a CA needs besides its key. The zero value is good.
//
// Keys and signatures always draw on the system's randomness; the standard
// library lets nobody replace it.
type CAConfig struct {
	Lifetime time.Duration    // of issued certificates; zero for [DefaultLifetime]
	Now      func() time.Time // nil for time.Now
	Rand     io.Reader        // for serial numbers; nil for crypto/rand
}

func (c CAConfig) withDefaults() CAConfig {
	if c.Lifetime <= 0 {
		c.Lifetime = DefaultLifetime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	return c
}

// CA issues the certificates of one fabric. It is safe for concurrent use when
// its Rand is.
type CA struct {
	config CAConfig
	cert   *x509.Certificate
	key    hidden[crypto.Signer]
}

// CreateCA makes a CA with a new key, valid for 10 years, that exists in memory
// only. Its certificate may sign only end-entity certificates, and only ones
// whose URIs name the kinds of this package. A controller uses [OpenCA].
func CreateCA(config CAConfig) (*CA, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	return newCA(config, key)
}

// newCA certifies a key that is, or is going to be, a CA's own.
func newCA(config CAConfig, key crypto.Signer) (*CA, error) {
	config = config.withDefaults()
	template, err := caTemplate(config, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of a CA: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of a CA: %w", err)
	}
	return &CA{config: config, cert: cert, key: hide(key)}, nil
}

func caTemplate(config CAConfig, key crypto.Signer) (*x509.Certificate, error) {
	serial, err := newSerial(config.Rand)
	if err != nil {
		return nil, err
	}
	fingerprint, err := keyFingerprint(key.Public())
	if err != nil {
		return nil, err
	}
	var kinds []string
	for _, kind := range Kinds() {
		kinds = append(kinds, string(kind))
	}
	now := config.Now()
	return &x509.Certificate{
		SerialNumber:                serial,
		Subject:                     pkix.Name{CommonName: "Linkspan CA " + hex.EncodeToString(fingerprint[:4])},
		NotBefore:                   now.Add(-maxSkew),
		NotAfter:                    now.AddDate(caYears, 0, 0),
		IsCA:                        true,
		BasicConstraintsValid:       true,
		MaxPathLenZero:              true,
		KeyUsage:                    x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		PermittedURIDomains:         kinds,
		PermittedDNSDomainsCritical: true, // makes the whole extension critical
	}, nil
}

func keyFingerprint(public crypto.PublicKey) (Digest, error) {
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return Digest{}, fmt.Errorf("fingerprint of a key: %w", err)
	}
	return FingerprintOf(&x509.Certificate{RawSubjectPublicKeyInfo: der}), nil
}

// Certificate returns the CA's certificate, which must not be changed.
func (ca *CA) Certificate() *x509.Certificate { return ca.cert }

// Fingerprint returns what join tokens carry, see [FingerprintOf].
func (ca *CA) Fingerprint() Digest { return FingerprintOf(ca.cert) }

// String names the CA without its key.
func (ca *CA) String() string { return ca.cert.Subject.CommonName + " " + ca.Fingerprint().String() }

// LogValue shows the CA's name and fingerprint alone.
func (ca *CA) LogValue() slog.Value { return slog.StringValue(ca.String()) }
