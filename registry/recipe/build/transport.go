// SPDX-License-Identifier: Apache-2.0

package build

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// DockerCertificates is where Docker keeps the certificates of registries, by host and port.
const DockerCertificates = "/etc/docker/certs.d"

// Trusting returns how a registry is reached: with the certificates of the system, those that
// the folder has for its host (as Docker keeps them), and those in a file, if one is named.
func Trusting(reference, dir, file string) (http.RoundTripper, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	host, _, _ := strings.Cut(reference, "/")
	files, err := filepath.Glob(filepath.Join(dir, host, "*.crt"))
	if err != nil {
		files = nil // a host with signs of patterns has no folder
	}
	if file != "" {
		files = append(files, file)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: f + " has no certificate"}
		}
	}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 30 * time.Second, ResponseHeaderTimeout: 2 * time.Minute, IdleConnTimeout: time.Minute,
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
	}, nil
}
