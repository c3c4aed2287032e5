// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func TestIssueChassis(t *testing.T) {
	clock := newClock()
	ca := newTestCA(t, clock.Now)
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	greedy, err := url.Parse("linkspan://user/root?role=admin")
	if err != nil {
		t.Fatal(err)
	}
	csr := csrFor(t, key, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: "root"}, DNSNames: []string{"c1"}, URIs: []*url.URL{greedy},
	})
	chain, err := ca.IssueChassis(csr, aChassis.Name, aChassis.Number, aChassis.DPID, aChassis.Generation)
	if err != nil {
		t.Fatal(err)
	}
	certs, err := ParseCertificates(chain)
	if err != nil {
		t.Fatal(err)
	}
	leaf := certs[0]
	id, err := IdentityOf(leaf)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(aChassis, id); diff != "" {
		t.Errorf("identity:\n%s", diff)
	}
	if leaf.Subject.CommonName != "h1" || len(leaf.DNSNames) != 0 || leaf.IsCA {
		t.Errorf("names from the request: %v %v, CA %v", leaf.Subject, leaf.DNSNames, leaf.IsCA)
	}
	if want := clock.Now().Add(90 * 24 * time.Hour); !leaf.NotAfter.Equal(want) {
		t.Errorf("ends at %v; want %v", leaf.NotAfter, want)
	}
	if len(certs) != 2 || !certs[1].Equal(ca.Certificate()) {
		t.Error("the CA does not follow in the chain")
	}
}

func TestIssueRefused(t *testing.T) {
	ca := newTestCA(t, nil)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	good, _ := pem.Decode(request.CSR())
	forged := append([]byte(nil), good.Bytes...)
	forged[len(forged)-1] ^= 1
	small, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, csr := range map[string][]byte{
		"empty":           nil,
		"no PEM":          good.Bytes,
		"another type":    EncodeCertificates(ca.cert),
		"cut short":       pem.EncodeToMemory(&pem.Block{Type: pemRequest, Bytes: good.Bytes[:40]}),
		"forged":          pem.EncodeToMemory(&pem.Block{Type: pemRequest, Bytes: forged}),
		"too long":        make([]byte, maxCSR+1),
		"weak curve":      csrFor(t, small, &x509.CertificateRequest{}),
		"RSA of 1024 bit": csrFor(t, weak, &x509.CertificateRequest{}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ca.Issue(csr, aChassis)
			wantCode(t, err, linkspan.Invalid)
			_, err = RequestKey(csr)
			wantCode(t, err, linkspan.Invalid)
		})
	}
	_, err = ca.Issue(request.CSR(), Identity{Kind: KindChassis, Name: "h1"})
	wantCode(t, err, linkspan.Invalid)
	_, err = ca.Issue(request.CSR(), aUser, "ada.example")
	wantCode(t, err, linkspan.Invalid)
}

// TestHugeKey spares the controller the work of verifying one.
func TestHugeKey(t *testing.T) {
	for bits, want := range map[uint]bool{2047: false, 2048: true, 4096: true, 4097: false} {
		key := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), int(bits)-1, 1), E: 65537}
		if err := checkKey(key); want != (err == nil) {
			t.Errorf("RSA of %d bits: %v", bits, err)
		}
	}
}

func TestIssueForeignKeys(t *testing.T) {
	ca := newTestCA(t, nil)
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{edwards, rsaKey} {
		if _, err := ca.Issue(csrFor(t, key, &x509.CertificateRequest{}), aDatapath); err != nil {
			t.Errorf("%T: %v", key, err)
		}
	}
}

// TestIssueNearTheEnd has a CA that has less left than a certificate lives.
func TestIssueNearTheEnd(t *testing.T) {
	clock := newClock()
	ca := newTestCA(t, clock.Now)
	clock.advance(ca.cert.NotAfter.Sub(clock.Now()) - time.Hour)
	if pair := pairFor(t, ca, aChassis); !pair.leaf.NotAfter.Equal(ca.cert.NotAfter) {
		t.Errorf("ends at %v; the CA at %v", pair.leaf.NotAfter, ca.cert.NotAfter)
	}
	clock.advance(2 * time.Hour)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ca.Issue(request.CSR(), aChassis)
	wantCode(t, err, linkspan.Unavailable)
}

func TestComplete(t *testing.T) {
	ca, other := newTestCA(t, nil), newTestCA(t, nil)
	request, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	issue := func(ca *CA, csr []byte) []byte {
		chain, err := ca.Issue(csr, aChassis)
		if err != nil {
			t.Fatal(err)
		}
		return chain
	}
	stranger, err := NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	right := issue(ca, request.CSR())
	mixed := append(EncodeCertificates(pairWith(t, other, request).leaf), EncodeCertificates(ca.cert)...)
	for name, c := range map[string]struct {
		chain []byte
		now   time.Time
		code  linkspan.Code
	}{
		"nothing":        {nil, time.Now(), linkspan.Invalid},
		"another key":    {issue(ca, stranger.CSR()), time.Now(), linkspan.Unauthenticated},
		"another CA":     {issue(other, request.CSR()), time.Now(), linkspan.Unauthenticated},
		"pinned in name": {mixed, time.Now(), linkspan.Unauthenticated},
		"expired":        {right, time.Now().AddDate(1, 0, 0), linkspan.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := request.Complete(c.chain, ca.Fingerprint(), c.now)
			wantCode(t, err, c.code)
		})
	}
	pair, err := request.Complete(right, ca.Fingerprint(), time.Now())
	if err != nil || pair.Identity() != aChassis {
		t.Fatalf("%v, %v", pair, err)
	}
}

func pairWith(t *testing.T, ca *CA, request *Request) *KeyPair {
	t.Helper()
	chain, err := ca.Issue(request.CSR(), aChassis)
	if err != nil {
		t.Fatal(err)
	}
	pair, err := request.Complete(chain, ca.Fingerprint(), ca.config.Now())
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

func csrFor(t *testing.T, key crypto.Signer, template *x509.CertificateRequest) []byte {
	t.Helper()
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemRequest, Bytes: der})
}

func FuzzRequestKey(f *testing.F) {
	request, err := NewRequest()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(request.CSR())
	f.Fuzz(func(t *testing.T, csr []byte) {
		if _, err := RequestKey(csr); err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
			t.Fatal(err)
		}
	})
}
