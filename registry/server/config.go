// SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/x509"
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/registry/token"
	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/trust/audit"
)

// Service is the name of this registry in tokens.
const Service = "linkspan"

// DefaultReserve is how much of the disk is left free, in bytes.
const DefaultReserve = 64_000_000

// Config is what a server stands on.
type Config struct {
	Dir      string           // where images are
	Catalog  *catalog.Catalog // of the same folder
	Users    *account.Book
	Tokens   *token.Issuer
	Services []string // registries of others for which tokens are issued, too
	Store    kv.Store // referrers and switches
	Reserve  int64    // bytes of the disk that pushes leave free; 0: [DefaultReserve]

	Check func(*x509.Certificate) error // whether a certificate is still good; nil: it is
	Audit func(audit.Entry)             // what was pushed, deleted and refused; nil: nobody is told
	Event func(linkspan.Event)          // nil: nobody is told
	Log   *slog.Logger
	Now   func() time.Time // nil: time.Now
}

func (c Config) withDefaults() Config {
	if c.Reserve == 0 {
		c.Reserve = DefaultReserve
	}
	if c.Check == nil {
		c.Check = func(*x509.Certificate) error { return nil }
	}
	if c.Audit == nil {
		c.Audit = func(audit.Entry) {}
	}
	if c.Event == nil {
		c.Event = func(linkspan.Event) {}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
