// SPDX-License-Identifier: Apache-2.0

package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
)

const pemKey = "PRIVATE KEY" // PKCS #8

// openKey reads the key of a folder, or makes one.
func openKey(dir string) (*ecdsa.PrivateKey, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "token.key")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeKey(path)
	}
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &linkspan.Error{Code: linkspan.Permission, Op: "read " + path, Message: fmt.Sprintf("it holds a key and others may open it (mode %04o)", mode), Hint: "chmod 600 " + path}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parseKey(path, text)
}

func parseKey(path string, text []byte) (*ecdsa.PrivateKey, error) {
	none := &linkspan.Error{Code: linkspan.Invalid, Op: "read " + path, Message: "it holds no ECDSA P-256 key", Hint: "remove the file: another key is made, and clients ask for new tokens"}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemKey {
		return nil, none
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, none
	}
	key, ok := any.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, none
	}
	return key, nil
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, replace(path, pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}))
}

// webKey is a public key (RFC 7517; RFC 7518, 6.2).
type webKey struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	Y         string `json:"y"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

func webKeyOf(key *ecdsa.PublicKey) webKey {
	b64 := base64.RawURLEncoding
	point, err := key.Bytes() // 4, x, y
	if err != nil {
		return webKey{} // it is not for a key that was parsed
	}
	x, y := b64.EncodeToString(point[1:33]), b64.EncodeToString(point[33:])
	// The thumbprint is of the members needed, in order, without spaces (RFC 7638, 3).
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, x, y))
	return webKey{Type: "EC", Curve: "P-256", X: x, Y: y, ID: b64.EncodeToString(sum[:]), Use: "sig", Algorithm: "ES256"}
}

func writeKeySet(path string, keys ...webKey) error {
	text, err := json.Marshal(map[string][]webKey{"keys": keys})
	if err != nil {
		return err
	}
	return replace(path, text)
}

// replace puts data at path, for its owner alone, whole or not at all.
func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // its mode is 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
