// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestKeeper(t *testing.T) {
	ca := newTestCA(t, nil)
	path := filepath.Join(t.TempDir(), "state", "own.pem")
	keeper, err := OpenKeeper(path)
	if err != nil {
		t.Fatal(err)
	}
	if keeper.KeyPair() != nil {
		t.Error("a key pair out of nothing")
	}
	if cert, err := keeper.GetClientCertificate(nil); err != nil || len(cert.Certificate) != 0 {
		t.Errorf("client certificate before joining: %v, %v", cert, err)
	}
	_, err = keeper.GetCertificate(nil)
	wantCode(t, err, linkspan.Unavailable)

	for _, id := range []Identity{aChassis, aController} {
		if err := keeper.Replace(pairFor(t, ca, id)); err != nil {
			t.Fatal(err)
		}
		again, err := OpenKeeper(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := again.KeyPair(); got.String() != keeper.KeyPair().String() || got.Identity() != id || !got.CA().Equal(ca.cert) {
			t.Errorf("on disk %v; in memory %v", got, keeper.KeyPair())
		}
		if _, err := tls.X509KeyPair(mustRead(t, path), mustRead(t, path)); err != nil {
			t.Errorf("the file is of no use to other programs: %v", err)
		}
	}
	for name, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want mode %o", name, info.Mode(), err, want)
		}
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("files in the folder: %v, %v", entries, err)
	}
}

func TestKeeperRefused(t *testing.T) {
	ca := newTestCA(t, nil)
	for name, c := range map[string]struct {
		spoil func(path string) error
		code  linkspan.Code
	}{
		"open to others":         {func(path string) error { return os.Chmod(path, 0o644) }, linkspan.Permission},
		"folder writable by all": {func(path string) error { return os.Chmod(filepath.Dir(path), 0o777) }, linkspan.Permission},
		"empty":                  {func(path string) error { return os.WriteFile(path, nil, 0o600) }, linkspan.Internal},
		"cut short":              {func(path string) error { return os.Truncate(path, 400) }, linkspan.Internal},
		"key of another":         {func(path string) error { return swapKey(t, ca, path) }, linkspan.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			keeper := keeperFor(t, ca, aChassis)
			if err := c.spoil(keeper.path); err != nil {
				t.Fatal(err)
			}
			_, err := OpenKeeper(keeper.path)
			wantCode(t, err, c.code)
			if linkspan.HintOf(err) == "" {
				t.Errorf("no hint: %v", err)
			}
		})
	}
}

// TestKeeperKeepsTheOldOnFailure cannot write; nothing changes.
func TestKeeperKeepsTheOldOnFailure(t *testing.T) {
	ca := newTestCA(t, nil)
	keeper := keeperFor(t, ca, aChassis)
	before := keeper.KeyPair()
	if err := os.RemoveAll(filepath.Dir(keeper.path)); err != nil {
		t.Fatal(err)
	}
	if err := keeper.Replace(pairFor(t, ca, aChassis)); err == nil {
		t.Fatal("written to a folder that is gone")
	}
	if keeper.KeyPair() != before {
		t.Error("a key pair is in use that is not on disk")
	}
}

func swapKey(t *testing.T, ca *CA, path string) error {
	pair, other := pairFor(t, ca, aChassis), pairFor(t, ca, aChassis)
	key, err := encodeKey(other.key())
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(key, EncodeCertificates(pair.leaf, pair.ca)...), 0o600)
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func FuzzDecodeKeyPair(f *testing.F) {
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if pair, err := decodeKeyPair(text); err == nil && pair.Identity().Validate() != nil {
			t.Fatalf("a key pair of nobody: %v", pair)
		}
	})
}
