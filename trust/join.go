// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/linkspan/linkspan"
)

// JoinConfig returns the client configuration of a host that has no certificate
// and knows of its fabric only the CA's fingerprint, from its token. The
// handshake ends, before the client has sent anything of its own, unless the
// server presents a chain with a CA certificate of that fingerprint, and that
// CA says that the server is a controller. now is nil for time.Now.
func JoinConfig(ca Digest, now func() time.Time) *tls.Config {
	config := baseConfig(now)
	config.MinVersion = tls.VersionTLS13
	config.NextProtos = apiProtocols()
	config.InsecureSkipVerify = true // VerifyConnection does it, by fingerprint and not by host name
	clock := config.Time
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return verifyPinned(state.PeerCertificates, ca, clock())
	}
	return config
}

func verifyPinned(chain []*x509.Certificate, pin Digest, now time.Time) error {
	for _, cert := range chain {
		if !cert.IsCA || !FingerprintOf(cert).Equal(pin) {
			continue
		}
		id, err := verify(chain, cert, now, x509.ExtKeyUsageServerAuth)
		if err != nil {
			return err
		}
		return expect(id, KindController, "")
	}
	return refuse(linkspan.Unauthenticated, "join",
		"the server does not show the CA of the token, "+pin.String(),
		"check the controller's address, or make a new token on the right controller")
}

// expect refuses a peer that is good but not the one that was dialed.
func expect(id Identity, kind Kind, name string) error {
	if id.Kind == kind && (name == "" || id.Name == name) {
		return nil
	}
	wanted := "a " + string(kind)
	if name != "" {
		wanted = string(kind) + " " + name
	}
	return refuse(linkspan.Unauthenticated, "verify certificate",
		"the server is "+id.Label()+" and not "+wanted, "check the address")
}
