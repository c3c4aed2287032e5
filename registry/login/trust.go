// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

// caFile is what dockerd reads a registry's CA from, in the registry's folder.
const caFile = "ca.crt"

// KeepCA writes the certificate of a registry's CA where dockerd finds it.
func (p Place) KeepCA(host string, ca *x509.Certificate) error {
	dir := filepath.Join(p.Certs, host)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return replace(filepath.Join(dir, caFile), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw}), 0o644)
}

// ForgetCA removes what KeepCA wrote. That there is nothing is no error.
func (p Place) ForgetCA(host string) error {
	err := os.Remove(filepath.Join(p.Certs, host, caFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	_ = os.Remove(filepath.Join(p.Certs, host)) // which may have more in it
	return err
}

// TLS returns how a registry is known from here: by the CAs of this host, and by the one
// kept for it. A client certificate that dockerd would use is used here, too.
func (p Place) TLS(host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	dir := filepath.Join(p.Certs, host)
	text, err := os.ReadFile(filepath.Join(dir, caFile))
	if err == nil {
		config.RootCAs, err = x509.SystemCertPool()
		if err != nil {
			config.RootCAs = x509.NewCertPool()
		}
		if !config.RootCAs.AppendCertsFromPEM(text) {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "read " + filepath.Join(dir, caFile), Message: "there is no certificate in it"}
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	certs, err := filepath.Glob(filepath.Join(dir, "*.cert"))
	if err != nil {
		return nil, err
	}
	for _, cert := range certs {
		pair, err := tls.LoadX509KeyPair(cert, cert[:len(cert)-len("cert")]+"key")
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", cert, err)
		}
		config.Certificates = append(config.Certificates, pair)
	}
	return config, nil
}

// dialPatience is how long it may take to reach a registry.
const dialPatience = 15 * time.Second

// HTTP returns a client for a registry.
func (p Place) HTTP(host string) (*http.Client, error) {
	config, err := p.TLS(host)
	if err != nil {
		return nil, err
	}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, TLSHandshakeTimeout: dialPatience, ForceAttemptHTTP2: true, Proxy: http.ProxyFromEnvironment,
		DialContext: (&net.Dialer{Timeout: dialPatience}).DialContext, IdleConnTimeout: time.Minute,
	}}, nil
}

// FetchCA asks a registry which CA it has, without believing it: the caller compares the
// fingerprint. The error is NotFound if the registry does not say.
func FetchCA(ctx context.Context, host string) (*x509.Certificate, error) {
	address := host
	if _, _, err := net.SplitHostPort(host); err != nil {
		address = net.JoinHostPort(host, "443")
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: dialPatience}, Config: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // the caller compares its fingerprint
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "registry " + host + " does not answer", Err: err}
	}
	defer func() { _ = conn.Close() }()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates //nolint:errcheck // it is what the dialer makes
	last := chain[len(chain)-1]
	if !last.IsCA || last.CheckSignatureFrom(last) != nil {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: "registry " + host + " does not show its CA", Hint: "get the CA's certificate and give it with --ca"}
	}
	return last, nil
}

// Fingerprint returns what tells one CA from another, as a registry logs it.
func Fingerprint(ca *x509.Certificate) trust.Digest { return trust.FingerprintOf(ca) }
