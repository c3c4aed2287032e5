// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/linkspan/linkspan"
)

// IssueChassis certifies the key of the request (PKCS #10 in PEM) for a chassis
// and returns the certificate followed by the CA's, in PEM. Whatever names the
// request asks for are ignored. About the generation see [Identity].
func (ca *CA) IssueChassis(csr []byte, name string, number linkspan.ChassisID, dpid linkspan.DPID, generation uint64) ([]byte, error) {
	return ca.Issue(csr, Identity{Kind: KindChassis, Name: name, Number: number, DPID: dpid, Generation: generation})
}

// Issue certifies the key of the request (PKCS #10 in PEM) for an identity and
// returns the certificate followed by the CA's, in PEM. The host names and IP
// addresses are for programs that know no identities, such as a browser; they
// are for controllers and chassis, which serve. Errors are of code invalid, and
// unavailable when the CA has expired.
func (ca *CA) Issue(csr []byte, id Identity, hosts ...string) ([]byte, error) {
	if err := id.Validate(); err != nil {
		return nil, err
	}
	uri, err := url.Parse(id.String())
	if err != nil {
		return nil, fmt.Errorf("identity %s: %w", id, err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: id.Name, OrganizationalUnit: []string{string(id.Kind)}},
		URIs:        []*url.URL{uri},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if id.Kind == KindController || id.Kind == KindChassis {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
		addHosts(template, hosts)
	} else if len(hosts) > 0 {
		return nil, invalid("certificate", "a "+string(id.Kind)+" serves nothing and has no host names")
	}
	return ca.sign(csr, template)
}

// Renew certifies the key of the request for the same names as the certificate
// with which the caller is connected, and returns what [CA.Issue] does. Whoever
// calls it has checked, by the handshake and [TLS.Check], that the certificate
// is not revoked. One that this CA did not issue, or that is not valid now, is
// an error of code unauthenticated.
func (ca *CA) Renew(csr []byte, current *x509.Certificate) ([]byte, error) {
	chain := []*x509.Certificate{current}
	if _, err := verify(chain, ca.cert, ca.config.Now(), x509.ExtKeyUsageClientAuth); err != nil {
		return nil, err
	}
	return ca.sign(csr, &x509.Certificate{
		Subject:     current.Subject,
		URIs:        current.URIs,
		DNSNames:    current.DNSNames,
		IPAddresses: current.IPAddresses,
		ExtKeyUsage: current.ExtKeyUsage,
	})
}

// sign fills in what is the same for every certificate.
func (ca *CA) sign(csr []byte, template *x509.Certificate) (chain []byte, err error) {
	request, err := parseCSR(csr)
	if err != nil {
		return nil, err
	}
	if template.SerialNumber, err = newSerial(ca.config.Rand); err != nil {
		return nil, err
	}
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.BasicConstraintsValid = true
	if err := ca.setValidity(template); err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, request.PublicKey, ca.key())
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return EncodeCertificates(&x509.Certificate{Raw: der}, ca.cert), nil
}

// setValidity begins a little early, for hosts whose clocks are behind, and ends
// no later than the CA does.
func (ca *CA) setValidity(template *x509.Certificate) error {
	now := ca.config.Now()
	if now.After(ca.cert.NotAfter) {
		return refuse(linkspan.Unavailable, "certificate",
			"the CA expired at "+ca.cert.NotAfter.UTC().Format(time.RFC3339),
			"give the controller a new CA and let every host join again")
	}
	template.NotBefore = now.Add(-min(maxSkew, ca.config.Lifetime/10))
	template.NotAfter = now.Add(ca.config.Lifetime)
	if template.NotAfter.After(ca.cert.NotAfter) {
		template.NotAfter = ca.cert.NotAfter
	}
	return nil
}

func addHosts(template *x509.Certificate, hosts []string) {
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
}

// prove issues a certificate of every kind and verifies it, so that a CA that
// an administrator gave fails now and not when the first host joins.
func (ca *CA) prove() error {
	request, err := NewRequest()
	if err != nil {
		return err
	}
	for _, id := range []Identity{
		{Kind: KindController, Name: "probe"},
		{Kind: KindChassis, Name: "probe", Number: 1, DPID: 1},
		{Kind: KindDatapath, Name: "probe", DPID: 1},
		{Kind: KindUser, Name: "probe", Role: RoleViewer},
	} {
		chain, err := ca.Issue(request.CSR(), id)
		if err != nil {
			return err
		}
		if _, err := request.Complete(chain, ca.Fingerprint(), ca.config.Now()); err != nil {
			return wrap(linkspan.Invalid, "open CA", "a certificate it issues to a "+string(id.Kind)+" is not accepted",
				"give one whose certificate is valid now, says CA:TRUE and keyCertSign, and permits URIs with the hosts controller, chassis, datapath and user", err)
		}
	}
	return nil
}
