// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// TestIssueServer has a client of the standard library, which knows nothing of
// identities, believe a server by its names, and by no other.
func TestIssueServer(t *testing.T) {
	ca, err := trust.CreateCA(trust.CAConfig{})
	if err != nil {
		t.Fatal(err)
	}
	request, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ca.IssueServer(request.CSR()); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("without a host: %v", err)
	}
	chain, err := ca.IssueServer(request.CSR(), "registry.example.org", "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := request.CompleteServer(chain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trust.IdentityOf(cert.Leaf); err == nil {
		t.Error("it carries an identity")
	}
	other, err := trust.NewRequest()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.CompleteServer(chain); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("with another key: %v", err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca.Certificate())
	for name, want := range map[string]bool{"registry.example.org": true, "192.0.2.1": true, "other.example.org": false} {
		a, b := net.Pipe()
		go func() {
			_ = tls.Server(a, &tls.Config{Certificates: []tls.Certificate{*cert}}).HandshakeContext(t.Context())
		}()
		err := tls.Client(b, &tls.Config{RootCAs: roots, ServerName: name}).HandshakeContext(t.Context())
		if (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
		a.Close()
		b.Close()
	}
}
