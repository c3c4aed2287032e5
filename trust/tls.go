// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/tls"
	"crypto/x509"
	"time"

	"github.com/linkspan/linkspan"
)

// TLS makes the TLS configurations of one process: everything it listens and
// dials with. Fill it in before use and do not change it after.
type TLS struct {
	Keeper      *Keeper          // its own certificate, and the CA it trusts
	Revocations *Revocations     // nil: nothing is revoked
	Now         func() time.Time // nil for time.Now
}

// ServerConfig returns the configuration of an API listener: TLS 1.3 (RFC 8446),
// HTTP/2 and HTTP/1.1. A peer may come without a certificate, because a host
// has none before it joins; one that shows a certificate must show a good one.
// Each call is then decided by [PeerIdentity] and [Allow]. A client whose
// certificate is refused learns it from its first read, as TLS 1.3 has it.
// Without a key pair in the keeper it is an error of code unavailable.
func (t TLS) ServerConfig() (*tls.Config, error) {
	config, err := t.server()
	if err != nil {
		return nil, err
	}
	config.MinVersion = tls.VersionTLS13
	config.NextProtos = apiProtocols()
	config.ClientAuth = tls.VerifyClientCertIfGiven
	return config, nil
}

// OpenFlowConfig returns the configuration of the listener for foreign OpenFlow
// switches: TLS 1.2 or later, no ALPN, a certificate required, and one that may
// offer a datapath ([OpenFlowConnect]). The caller compares the datapath id
// with that of [PeerIdentity] once the switch has said it.
func (t TLS) OpenFlowConfig() (*tls.Config, error) {
	config, err := t.server()
	if err != nil {
		return nil, err
	}
	config.MinVersion = tls.VersionTLS12
	config.ClientAuth = tls.RequireAndVerifyClientCert
	check := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if err := check(state); err != nil {
			return err
		}
		id, err := PeerIdentity(state)
		if err != nil {
			return err
		}
		return Allow(id, OpenFlowConnect)
	}
	return config, nil
}

// ClientConfig returns the configuration for dialing a server of this kind, and
// of this name unless it is empty. The server is known by the identity in its
// certificate: neither its host name nor its address matters. The client shows
// its own certificate when it has one.
func (t TLS) ClientConfig(kind Kind, name string) *tls.Config {
	config := baseConfig(t.Now)
	config.MinVersion = tls.VersionTLS13
	config.NextProtos = apiProtocols()
	config.GetClientCertificate = t.Keeper.GetClientCertificate
	config.InsecureSkipVerify = true // VerifyConnection does it, by identity and not by host name
	clock := config.Time
	config.VerifyConnection = func(state tls.ConnectionState) error {
		return t.verifyServer(state.PeerCertificates, kind, name, clock())
	}
	return config
}

func (t TLS) verifyServer(chain []*x509.Certificate, kind Kind, name string, now time.Time) error {
	own := t.Keeper.KeyPair()
	if own == nil {
		return notJoined()
	}
	id, err := verify(chain, own.ca, now, x509.ExtKeyUsageServerAuth)
	if err != nil {
		return err
	}
	if err := t.Revocations.Check(chain[0]); err != nil {
		return err
	}
	return expect(id, kind, name)
}

// Check returns nil while the verified certificate of a connection that stands
// is still good, else an error of code unauthenticated: it expired or was
// revoked since the handshake.
func (t TLS) Check(cert *x509.Certificate) error {
	if now := baseConfig(t.Now).Time(); now.After(cert.NotAfter) {
		return refuse(linkspan.Unauthenticated, "verify certificate",
			"it expired at "+cert.NotAfter.UTC().Format(time.RFC3339), "connect again with the renewed one")
	}
	return t.Revocations.Check(cert)
}

// server is what the listeners have in common.
func (t TLS) server() (*tls.Config, error) {
	own := t.Keeper.KeyPair()
	if own == nil {
		return nil, notJoined()
	}
	config := baseConfig(t.Now)
	config.GetCertificate = t.Keeper.GetCertificate
	config.ClientCAs = x509.NewCertPool()
	config.ClientCAs.AddCert(own.ca)
	// A resumed session would bring back the certificate of the first one.
	config.SessionTicketsDisabled = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) == 0 {
			return nil
		}
		return t.Revocations.Check(state.PeerCertificates[0])
	}
	return config, nil
}

func baseConfig(now func() time.Time) *tls.Config {
	if now == nil {
		now = time.Now
	}
	return &tls.Config{Time: now}
}

func apiProtocols() []string { return []string{"h2", "http/1.1"} }
