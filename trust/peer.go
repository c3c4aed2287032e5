// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/linkspan/linkspan"
)

// IdentityOf returns the identity that a certificate carries as its one
// linkspan URI. It does not verify the certificate. A certificate with none or
// several is an error of code unauthenticated.
func IdentityOf(cert *x509.Certificate) (Identity, error) {
	var found []string
	for _, uri := range cert.URIs {
		if text := uri.String(); strings.HasPrefix(text, scheme) {
			found = append(found, text)
		}
	}
	if len(found) != 1 {
		return Identity{}, refuse(linkspan.Unauthenticated, "identity",
			"the certificate does not name exactly one linkspan identity",
			"use a certificate that this fabric issued")
	}
	id, err := ParseIdentity(found[0])
	if err != nil {
		return Identity{}, wrap(linkspan.Unauthenticated, "identity", "the certificate's name cannot be read",
			"use a certificate that this fabric issued", err)
	}
	return id, nil
}

// PeerIdentity returns who is at the other end of a connection that a server
// accepted. It is an error of code unauthenticated when the peer showed no
// certificate or one that was not verified; a listener that takes peers
// without certificates calls it once per call.
//
// A client knows its server already: the handshake made by
// [TLS.ClientConfig] ends unless the server is the one it asked for.
func PeerIdentity(state tls.ConnectionState) (Identity, error) {
	if len(state.VerifiedChains) == 0 || len(state.PeerCertificates) == 0 {
		return Identity{}, anonymous("connect")
	}
	return IdentityOf(state.PeerCertificates[0])
}
