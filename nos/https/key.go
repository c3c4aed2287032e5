// SPDX-License-Identifier: Apache-2.0

package https

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan/trust"
)

// Key reads the key by which clients know the switch, with its certificate, and makes both if
// there is no such file.
func Key(path string) (tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = newKey(path)
	}
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("key of the api: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return pair, fmt.Errorf("key of the api %s: %w", path, err)
	}
	return pair, nil
}

// Fingerprint is what people compare, and clients remember: of the key, not of the certificate.
func Fingerprint(pair tls.Certificate) trust.Digest { return trust.FingerprintOf(pair.Leaf) }

// newKey makes a file with a key and a certificate that it signs itself, all of it or none.
func newKey(path string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	// It is known by its key, and so it need not end (RFC 5280, 4.1.2.5).
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "linkspan switch"}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, b := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: private}} {
		if err := pem.Encode(&text, b); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), keep(path, text.Bytes())
}

// keep writes a file that its owner alone can read.
func keep(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key*") // its mode is 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // it is renamed
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
