// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

const (
	// defaultRoot is the folder of all keys of Linkspan.
	defaultRoot = "linkspan/"
	// defaultTimeout bounds one request when the caller's context does not.
	defaultTimeout = 10 * time.Second
)

// Config says how to reach a cluster.
type Config struct {
	// Endpoints are the members: "https://host:port", "unix:///path", or
	// "http://" with a loopback address. At least one.
	Endpoints []string
	// TLS has the certificates for https endpoints.
	TLS *tls.Config
	// Username and Password log in, if the cluster asks for it.
	Username, Password string
	// Root goes before every key; empty, or a prefix in the sense of package
	// kv. Default "linkspan/".
	Root string
	// Timeout is how long one request may take before it is given up as
	// unavailable. Default 10 s.
	Timeout time.Duration
	// Log takes warnings and errors of the client; nil discards them.
	Log *slog.Logger
}

// Default returns the configuration with all that is empty filled in.
func (c Config) Default() Config {
	if c.Root == "" {
		c.Root = defaultRoot
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate returns [kv.ErrInvalid] when the configuration cannot work or would
// send state over a network in the clear.
func (c Config) Validate() error {
	if len(c.Endpoints) == 0 {
		return invalid("endpoints", fmt.Errorf("none given"))
	}
	for _, endpoint := range c.Endpoints {
		if err := c.checkEndpoint(endpoint); err != nil {
			return invalid(endpoint, err)
		}
	}
	if c.Timeout < 0 {
		return invalid("timeout", fmt.Errorf("%v is negative", c.Timeout))
	}
	return kv.CheckPrefix(c.Root)
}

func (c Config) checkEndpoint(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	switch u.Scheme {
	case "unix":
		return nil
	case "https":
		if c.TLS == nil {
			return fmt.Errorf("https needs certificates")
		}
		return nil
	case "http":
		if ip := net.ParseIP(u.Hostname()); ip.IsLoopback() || u.Hostname() == "localhost" {
			return nil
		}
		return fmt.Errorf("http is allowed on loopback only")
	default:
		return fmt.Errorf("scheme is %q, not https, unix or http", u.Scheme)
	}
}

func invalid(what string, err error) error {
	return &kv.Error{Code: kv.Invalid, Op: "configure", Key: what, Err: err}
}
