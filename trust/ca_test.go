// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io/fs"
	"math/big"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

func TestCreateCA(t *testing.T) {
	clock := newClock()
	cert := newTestCA(t, clock.Now).Certificate()
	if want := clock.Now().AddDate(10, 0, 0); !cert.NotAfter.Equal(want) {
		t.Errorf("ends at %v; want %v", cert.NotAfter, want)
	}
	if !cert.IsCA || !cert.MaxPathLenZero || cert.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Errorf("CA %v, path length zero %v, usage %v", cert.IsCA, cert.MaxPathLenZero, cert.KeyUsage)
	}
	if bits := cert.SerialNumber.BitLen(); bits < 64 || bits > 128 {
		t.Errorf("a serial number of %d bits", bits)
	}
}

func TestOpenCA(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	first, err := OpenCA(dir, CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, CAKeyFile): 0o600, filepath.Join(dir, CACertFile): 0o644} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o; want %o", path, info.Mode().Perm(), want)
		}
	}
	again, err := OpenCA(dir, CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if !first.Certificate().Equal(again.Certificate()) {
		t.Error("the CA changed when it was opened again")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("files in the folder: %v, %v", entries, err)
	}
}

func TestOpenCAAtOnce(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ca")
	var group sync.WaitGroup
	fingerprints := make([]Digest, 8)
	for i := range fingerprints {
		group.Go(func() {
			ca, err := OpenCA(dir, CAConfig{})
			if err != nil {
				t.Error(err)
				return
			}
			fingerprints[i] = ca.Fingerprint()
		})
	}
	group.Wait()
	for _, fingerprint := range fingerprints {
		if fingerprint != fingerprints[0] {
			t.Fatal("two processes made two CAs")
		}
	}
}

// TestOpenCAAfterCrash finds the key on disk and not yet the certificate.
func TestOpenCAAfterCrash(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ca, err := OpenCA(dir, CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	pair := pairFor(t, ca, aChassis)
	if err := os.Remove(filepath.Join(dir, CACertFile)); err != nil {
		t.Fatal(err)
	}
	again, err := OpenCA(dir, CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Fingerprint() != ca.Fingerprint() {
		t.Error("the fingerprint changed")
	}
	if _, err := verify([]*x509.Certificate{pair.leaf}, again.cert, time.Now(), x509.ExtKeyUsageClientAuth); err != nil {
		t.Errorf("a certificate issued before: %v", err)
	}
}

func TestOpenCARefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(dir string) error
		code  linkspan.Code
	}{
		"folder open to others": {func(dir string) error { return os.Chmod(dir, 0o755) }, linkspan.Permission},
		"key open to others":    {func(dir string) error { return os.Chmod(filepath.Join(dir, CAKeyFile), 0o640) }, linkspan.Permission},
		"key lost":              {func(dir string) error { return os.Remove(filepath.Join(dir, CAKeyFile)) }, linkspan.NotFound},
		"key spoilt":            {func(dir string) error { return os.WriteFile(filepath.Join(dir, CAKeyFile), []byte("x"), 0o600) }, linkspan.Invalid},
		"certificate spoilt":    {func(dir string) error { return os.WriteFile(filepath.Join(dir, CACertFile), []byte("x"), 0o600) }, linkspan.Invalid},
		"certificate of another": {func(dir string) error {
			other, err := CreateCA(CAConfig{})
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, CACertFile), EncodeCertificates(other.cert), 0o600)
		}, linkspan.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ca")
			if _, err := OpenCA(dir, CAConfig{}); err != nil {
				t.Fatal(err)
			}
			if err := c.spoil(dir); err != nil {
				t.Fatal(err)
			}
			_, err := OpenCA(dir, CAConfig{})
			wantCode(t, err, c.code)
		})
	}
}

// TestLoadCA takes an intermediate with an RSA key, as a company may give.
func TestLoadCA(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := func() *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
	}
	for name, c := range map[string]struct {
		change func(*x509.Certificate)
		ok     bool
	}{
		"good":            {func(*x509.Certificate) {}, true},
		"no CA":           {func(c *x509.Certificate) { c.IsCA = false }, false},
		"may not sign":    {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }, false},
		"not yet valid":   {func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }, false},
		"expired":         {func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, false},
		"other URIs only": {func(c *x509.Certificate) { c.PermittedURIDomains = []string{"example.org"} }, false},
		"e-mail only":     {func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }, false},
		"no chassis URIs": {func(c *x509.Certificate) { c.ExcludedURIDomains = []string{"chassis"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			cert := template()
			c.change(cert)
			root := newTestCA(t, nil)
			der, err := x509.CreateCertificate(rand.Reader, cert, root.cert, key.Public(), root.key())
			if err != nil {
				t.Fatal(err)
			}
			certPath, keyPath := filepath.Join(t.TempDir(), "c.pem"), filepath.Join(t.TempDir(), "k.pem")
			keyText, err := encodeKey(key)
			if err != nil {
				t.Fatal(err)
			}
			chain := EncodeCertificates(&x509.Certificate{Raw: der}, root.cert)
			if err := errors.Join(os.WriteFile(certPath, chain, 0o644), os.WriteFile(keyPath, keyText, 0o600)); err != nil {
				t.Fatal(err)
			}
			ca, err := LoadCA(certPath, keyPath, CAConfig{})
			if c.ok != (err == nil) {
				t.Fatalf("LoadCA: %v", err)
			}
			if c.ok {
				side := TLS{Keeper: keeperFor(t, ca, aController)}
				server, err := side.ServerConfig()
				if err != nil {
					t.Fatal(err)
				}
				if out := shake(t, JoinConfig(ca.Fingerprint(), nil), server); out.client != nil {
					t.Error(out.client)
				}
			}
		})
	}
}

// TestNameConstraint has the CA's own key sign a name outside of the fabric.
func TestNameConstraint(t *testing.T) {
	ca := newTestCA(t, nil)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := ca.sign(request.CSR(), &x509.Certificate{
		URIs:        []*url.URL{{Scheme: "https", Host: "bank.example", Path: "/"}},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	})
	if err != nil {
		t.Fatal(err)
	}
	certs, err := ParseCertificates(chain)
	if err != nil {
		t.Fatal(err)
	}
	var reason x509.CertificateInvalidError
	_, err = verify(certs, ca.cert, time.Now(), x509.ExtKeyUsageServerAuth)
	if !errors.As(err, &reason) || reason.Reason != x509.CANotAuthorizedForThisName {
		t.Errorf("verified: %v", err)
	}
}

// TestOpenSSLAgrees verifies with the library that Open vSwitch uses.
func TestOpenSSLAgrees(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is missing")
	}
	ca := newTestCA(t, nil)
	dir := t.TempDir()
	caPath := filepath.Join(dir, "ca.crt")
	if err := os.WriteFile(caPath, EncodeCertificates(ca.cert), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, id := range []Identity{aController, aChassis, aDatapath, aUser} {
		path := filepath.Join(dir, string(id.Kind)+".crt")
		if err := os.WriteFile(path, EncodeCertificates(pairFor(t, ca, id).leaf), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(openssl, "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", caPath, path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", id, err, out)
		}
	}
	der, err := exec.Command("sh", "-c", "openssl x509 -in \"$0\" -noout -pubkey | openssl pkey -pubin -outform DER", caPath).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := Digest(sha256.Sum256(der)); got != ca.Fingerprint() {
		t.Errorf("openssl's fingerprint is %v; ours %v", got, ca.Fingerprint())
	}
	if !strings.HasPrefix(ca.Fingerprint().String(), "sha256:") {
		t.Error("the fingerprint does not name its sum")
	}
}
