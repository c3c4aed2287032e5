// SPDX-License-Identifier: Apache-2.0

package plug

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Options is what a [Plugin] is made of.
type Options struct {
	Name    string
	Folders Folders
	// Patience is how long a plugin is waited for that does not listen; 0: 15 s,
	// as Docker does.
	Patience time.Duration
	// Limit is how long one call may take; 0: 25 s.
	Limit time.Duration
}

// Plugin is a plugin, found and greeted at the first call. Its methods run
// concurrently.
type Plugin struct {
	options Options

	mu         sync.Mutex
	client     *http.Client // nil: not greeted yet
	base       string
	implements []string
}

// New returns the plugin of that name, which need not be there yet.
func New(options Options) *Plugin {
	if options.Patience == 0 {
		options.Patience = 15 * time.Second
	}
	if options.Limit == 0 {
		options.Limit = 25 * time.Second
	}
	return &Plugin{options: options}
}

// Name returns what the plugin is called.
func (p *Plugin) Name() string { return p.options.Name }

// Close closes idle connections.
func (p *Plugin) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		p.client.CloseIdleConnections()
		p.client = nil
	}
}

// greet finds the plugin and asks what it implements, once.
func (p *Plugin) greet(ctx context.Context, kind string) (*http.Client, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client == nil {
		if err := p.open(ctx); err != nil {
			return nil, "", err
		}
	}
	if !slices.Contains(p.implements, kind) {
		return nil, "", &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("plugin %s is no %s, it implements %v", p.options.Name, kind, p.implements),
		}
	}
	return p.client, p.base, nil
}

// open is called with the lock held.
func (p *Plugin) open(ctx context.Context) error {
	var client *http.Client
	var base string
	err := p.patiently(ctx, func() (err error) {
		client, base, err = p.dial()
		return err
	})
	if err != nil {
		return err
	}
	var answer plugin.Activation
	if err := p.post(ctx, client, base+"/Plugin.Activate", nil, &answer); err != nil {
		client.CloseIdleConnections()
		return fmt.Errorf("greet plugin %s: %w", p.options.Name, err)
	}
	p.client, p.base, p.implements = client, base, answer.Implements
	return nil
}

func (p *Plugin) dial() (*http.Client, string, error) {
	a, err := p.options.Folders.Find(p.options.Name)
	if err != nil {
		return nil, "", err
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, a.Network, a.Addr)
		},
	}
	base := "http://plugin"
	if a.TLS != nil {
		base = "https://" + a.Addr
		if transport.TLSClientConfig, err = a.TLS.config(); err != nil {
			return nil, "", err
		}
	}
	return &http.Client{Transport: transport}, base, nil
}

// config reads the keys. Without a CA the plugin's certificate must be one that
// the host trusts, unless the file says not to look.
func (t *TLS) config() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.InsecureSkipVerify} //nolint:gosec // the administrator's word
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read CA of plugin: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, errors.New("file " + t.CAFile + " has no certificate")
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read key for plugin: %w", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}
