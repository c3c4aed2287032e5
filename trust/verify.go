// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"time"

	"github.com/linkspan/linkspan"
)

// verify returns the identity in the first certificate of a chain that must
// lead to the CA, be valid at now, and be for this usage. Host names play no
// part. Errors are of code unauthenticated.
func verify(chain []*x509.Certificate, ca *x509.Certificate, now time.Time, usage x509.ExtKeyUsage) (Identity, error) {
	if len(chain) == 0 {
		return Identity{}, anonymous("connect")
	}
	options := x509.VerifyOptions{
		Roots:         x509.NewCertPool(),
		Intermediates: x509.NewCertPool(),
		CurrentTime:   now,
		KeyUsages:     []x509.ExtKeyUsage{usage},
	}
	options.Roots.AddCert(ca)
	for _, cert := range chain[1:] {
		options.Intermediates.AddCert(cert)
	}
	if _, err := chain[0].Verify(options); err != nil {
		return Identity{}, wrap(linkspan.Unauthenticated, "verify certificate", "it is not good here", "", err)
	}
	return IdentityOf(chain[0])
}
