// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"

	"github.com/linkspan/linkspan"
)

// IssueServer certifies a server that its clients know by host name and address, as those
// of other makers do (RFC 9525): a registry. The certificate carries no identity, so that
// its owner may do nothing. There must be a host.
func (ca *CA) IssueServer(csr []byte, hosts ...string) ([]byte, error) {
	if len(hosts) == 0 {
		return nil, invalid("certificate", "a server without a host name cannot be known")
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	addHosts(template, hosts)
	return ca.sign(csr, template)
}

// CompleteServer joins the answer of [CA.IssueServer] with the request's key.
func (r *Request) CompleteServer(chain []byte) (*tls.Certificate, error) {
	certs, err := ParseCertificates(chain)
	if err != nil {
		return nil, err
	}
	if !sameKey(certs[0], r.key()) {
		return nil, wrap(linkspan.Invalid, "certificate", "it is for another key", "", fmt.Errorf("serial %s", SerialOf(certs[0])))
	}
	out := &tls.Certificate{PrivateKey: r.key(), Leaf: certs[0]}
	for _, c := range certs {
		out.Certificate = append(out.Certificate, c.Raw)
	}
	return out, nil
}
