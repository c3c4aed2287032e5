// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"encoding/pem"

	"github.com/linkspan/linkspan"
)

// maxCSR is far above the size of any request we take, in bytes.
const maxCSR = 16 << 10

// RequestKey returns the fingerprint of the key in a certificate request (PKCS
// #10 in PEM), having checked that the sender holds that key and that it is
// strong. Errors are of code invalid.
func RequestKey(csr []byte) (Digest, error) {
	request, err := parseCSR(csr)
	if err != nil {
		return Digest{}, err
	}
	return FingerprintOf(&x509.Certificate{RawSubjectPublicKeyInfo: request.RawSubjectPublicKeyInfo}), nil
}

func parseCSR(text []byte) (*x509.CertificateRequest, error) {
	if len(text) > maxCSR {
		return nil, invalid("certificate request", "it is too long")
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemRequest {
		return nil, invalid("certificate request", "there is no PEM block of type "+pemRequest)
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, wrap(linkspan.Invalid, "certificate request", "it cannot be read", "", err)
	}
	if err := checkKey(request.PublicKey); err != nil {
		return nil, err
	}
	if err := request.CheckSignature(); err != nil {
		return nil, wrap(linkspan.Invalid, "certificate request", "its sender does not hold the key", "", err)
	}
	return request, nil
}
