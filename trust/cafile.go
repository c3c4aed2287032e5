// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
)

// The files of a CA that Linkspan made, inside its folder.
const (
	CAKeyFile  = "ca.key" // PKCS #8, mode 0600
	CACertFile = "ca.crt" // for everybody who is to trust the fabric
)

// OpenCA returns the CA kept in dir, which it makes, mode 0700, with a new CA in
// it when there is none. The key is on disk, synced, before the certificate is;
// a certificate missing beside a key is made again from it, with the same
// fingerprint, so that a crash between the two does no harm. Of two processes
// that begin at once both get the same CA.
func OpenCA(dir string, config CAConfig) (*CA, error) {
	if err := keyDir(dir, 0o077); err != nil {
		return nil, err
	}
	keyPath, certPath := filepath.Join(dir, CAKeyFile), filepath.Join(dir, CACertFile)
	ca, err := LoadCA(certPath, keyPath, config)
	if !errors.Is(err, fs.ErrNotExist) {
		return ca, err
	}
	key, err := keepKey(keyPath, certPath)
	if err != nil {
		return nil, err
	}
	if ca, err = newCA(config, key); err != nil {
		return nil, err
	}
	err = createFile(certPath, EncodeCertificates(ca.cert), 0o644)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return LoadCA(certPath, keyPath, config)
}

// keepKey returns the key at keyPath, a new one if there was none.
func keepKey(keyPath, certPath string) (crypto.Signer, error) {
	_, certMissing := os.Lstat(certPath) // before the key, which another process makes first
	text, err := readPrivate(keyPath)
	if err == nil {
		return parseKey(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if certMissing == nil {
		return nil, refuse(linkspan.NotFound, "open CA", certPath+" is there and its key is not",
			"put "+keyPath+" back; without it every host must join again")
	}
	fresh, err := newKey()
	if err != nil {
		return nil, err
	}
	if text, err = encodeKey(fresh); err != nil {
		return nil, err
	}
	err = createFile(keyPath, text, 0o600)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if text, err = readPrivate(keyPath); err != nil {
		return nil, err
	}
	return parseKey(text)
}

// LoadCA returns the CA whose certificate and unencrypted key, both in PEM, an
// administrator gives. The first certificate of the file is the one that hosts
// will trust; it may be an intermediate. A pair that cannot issue what the
// fabric needs is refused at once, with code invalid.
func LoadCA(certPath, keyPath string, config CAConfig) (*CA, error) {
	certText, err := os.ReadFile(certPath)
	if err != nil {
		return nil, fmt.Errorf("open CA: %w", err)
	}
	keyText, err := readPrivate(keyPath)
	if err != nil {
		return nil, fmt.Errorf("open CA: %w", err)
	}
	certs, err := ParseCertificates(certText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", certPath, err)
	}
	key, err := parseKey(keyText)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", keyPath, err)
	}
	ca := &CA{config: config.withDefaults(), cert: certs[0], key: hide(key)}
	if !sameKey(ca.cert, key) {
		return nil, invalid("open CA", keyPath+" is not the key of "+certPath)
	}
	if err := ca.prove(); err != nil {
		return nil, err
	}
	return ca, nil
}
