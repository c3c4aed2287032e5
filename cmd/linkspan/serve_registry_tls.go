// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// serverTLS returns how the registry is known, and whom it knows.
func (c *registryRole) serverTLS(_ context.Context) (*tls.Config, error) {
	ca, err := trust.OpenCA(firstOf(c.caDir, filepath.Join(c.data, "ca")), trust.CAConfig{})
	if err != nil {
		return nil, err
	}
	c.log.Info("clients need the CA's certificate", "ca", ca.String(), "file", filepath.Join(firstOf(c.caDir, filepath.Join(c.data, "ca")), trust.CACertFile))
	known := x509.NewCertPool()
	known.AddCert(ca.Certificate())
	if c.clientCA != "" {
		text, err := os.ReadFile(c.clientCA)
		if err != nil {
			return nil, err
		}
		if !known.AppendCertsFromPEM(text) {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "--tls-client-ca " + c.clientCA, Message: "there is no certificate in it"}
		}
	}
	certificate, err := c.certificate(ca)
	if err != nil {
		return nil, err
	}
	check := c.check
	return &tls.Config{
		MinVersion: tls.VersionTLS12, GetCertificate: certificate.get, NextProtos: []string{"h2", "http/1.1"},
		ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: known, SessionTicketsDisabled: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			if check == nil || len(state.PeerCertificates) == 0 {
				return nil
			}
			return check(state.PeerCertificates[0])
		},
	}, nil
}

// certificate returns the registry's certificate: that of files, which are read again when they
// change, or one of the CA.
func (c *registryRole) certificate(ca *trust.CA) (*served, error) {
	s := &served{make: func() (*tls.Certificate, error) { return certify(ca, c.hosts()) }}
	if c.tlsCert != "" || c.tlsKey != "" {
		if c.tlsCert == "" || c.tlsKey == "" {
			return nil, usageError{errors.New("--tls-cert and --tls-key: one needs the other")}
		}
		s.files = []string{c.tlsCert, c.tlsKey}
		s.make = func() (*tls.Certificate, error) {
			pair, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
			return &pair, err
		}
	}
	_, err := s.get(nil)
	return s, err
}

// certify has a key certified by a CA.
func certify(ca *trust.CA, hosts []string) (*tls.Certificate, error) {
	request, err := trust.NewRequest()
	if err != nil {
		return nil, err
	}
	chain, err := ca.IssueServer(request.CSR(), hosts...)
	if err != nil {
		return nil, err
	}
	return request.CompleteServer(chain)
}

// hosts are the names and addresses that clients may know this host by.
func (c *registryRole) hosts() []string {
	if len(c.names) > 0 {
		return c.names
	}
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	hosts := []string{name, "localhost", "127.0.0.1", "::1"}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return hosts
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.IsGlobalUnicast() {
			hosts = append(hosts, n.IP.String())
		}
	}
	slices.Sort(hosts[1:])
	return slices.Compact(hosts)
}

// served is a certificate that is replaced in time.
type served struct {
	make  func() (*tls.Certificate, error)
	files []string // from which it is made; none: by the CA

	mu    sync.Mutex
	now   *tls.Certificate
	asked time.Time // when it was last looked whether there is another
	of    time.Time // newest of the files then
}

// lookEvery is how often it is looked whether a certificate is to be replaced.
const lookEvery = 10 * time.Second

// get returns the certificate for a handshake. That there is no other one in time is no
// reason to serve with none.
func (s *served) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil && time.Since(s.asked) < lookEvery {
		return s.now, nil
	}
	s.asked = time.Now()
	changed := s.changed()
	if s.now != nil && !changed && (len(s.files) > 0 || !trust.NeedsRenewal(s.now.Leaf, time.Now())) {
		return s.now, nil
	}
	made, err := s.make()
	if err != nil {
		if s.now != nil {
			return s.now, nil //nolint:nilerr // said above
		}
		return nil, err
	}
	s.now = made
	return made, nil
}

// changed says whether a file is another than the last time.
func (s *served) changed() bool {
	newest := s.of
	for _, path := range s.files {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	changed := newest.After(s.of)
	s.of = newest
	return changed
}
