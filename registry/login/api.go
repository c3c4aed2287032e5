// SPDX-License-Identifier: Apache-2.0

package login

import (
	"errors"
	"net/http"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
)

// API returns a client of a registry's own API, as whoever logged in here, or with the
// certificate that is kept for it.
func (p Place) API(host string) (*api.Client, error) {
	if err := CheckHost(host); err != nil {
		return nil, err
	}
	client, err := p.HTTP(host)
	if err != nil {
		return nil, err
	}
	c, err := p.Credential(host)
	if err != nil {
		config, failed := p.TLS(host)
		if linkspan.CodeOf(err) != linkspan.NotFound || failed != nil || len(config.Certificates) == 0 {
			return nil, errors.Join(err, failed)
		}
		return api.NewClient(client, "https://"+host), nil
	}
	client.Transport = signed{client.Transport, c}
	return api.NewClient(client, "https://"+host), nil
}

// signed sends a credential with each request.
type signed struct {
	next http.RoundTripper
	c    Credential
}

var _ http.RoundTripper = signed{}

// RoundTrip implements the interface.
func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.SetBasicAuth(s.c.Name, s.c.Secret)
	return s.next.RoundTrip(r)
}

// CloseIdleConnections ends what is not in use.
func (s signed) CloseIdleConnections() {
	if c, ok := s.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
