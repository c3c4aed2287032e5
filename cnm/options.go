// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"log/slog"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// The times of a controller.
const (
	// PoolLife is how long a pool lives that no network claims.
	PoolLife = 60 * time.Second
	// PoolWait is how long a request for a pool waits for one of its subnet
	// to be claimed, before it takes that one's place.
	PoolWait = 10 * time.Second
	// Grace is the age below which Reconcile judges nothing: longer than
	// Docker takes from CreateEndpoint to a running container.
	Grace = 2 * time.Minute
	// ReleaseWait is how long Reconcile waits for the release of an address
	// whose endpoint is gone: Docker asks for both at once.
	ReleaseWait = 10 * time.Second
)

// DefaultSandboxes is where network namespaces are kept. /run is empty after a
// boot, as namespaces are.
const DefaultSandboxes = "/run/linkspan/netns"

// Options is what a [Controller] is made of.
type Options struct {
	// Store keeps the records, under the prefix "cnm/". It is the host's
	// own: a transaction that fails has not happened.
	Store kv.Store
	// Drivers and IPAMs are the tables of parts, by name.
	Drivers map[string]Driver
	IPAMs   map[string]IPAM
	// OtherDriver and OtherIPAM make the part of a name that is in neither table,
	// such as anybody's plugin, whether or not it can work just now; nil: there
	// are no others. They are called once for each name.
	OtherDriver func(name string) Driver
	OtherIPAM   func(name string) IPAM
	// Sandboxes is the folder for the network namespaces that NewSandbox
	// makes; empty: DefaultSandboxes. It is this controller's alone.
	Sandboxes string
	// Log is told what is repeated and swept; nil: nobody.
	Log *slog.Logger
	// Now is the clock; nil: time.Now.
	Now func() time.Time
}

func (o *Options) applyDefaults() error {
	if o.Store == nil {
		return &linkspan.Error{Code: linkspan.Invalid, Op: "new cnm controller", Message: "no store"}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sandboxes == "" {
		o.Sandboxes = DefaultSandboxes
	}
	return nil
}
