// SPDX-License-Identifier: Apache-2.0

package local

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// Fabric tells of the networks that exist on all hosts.
type Fabric interface {
	Networks() []linkspan.Network
}

// Docker is the dockerd of this host. It may be away at any time.
type Docker interface {
	Client() (*client.Client, error)
}

// The times of a Host.
const (
	limit    = 25 * time.Second // of one call
	interval = 30 * time.Second // between two looks for leftovers without a reason
	gather   = 50 * time.Millisecond
)

// Config is what a Host is made of; Model, Fabric and Log are needed.
type Config struct {
	Model  *cnm.Controller
	Fabric Fabric
	// FabricDrivers are the keys in the model's table of what serves networks of
	// the fabric, by their drivers' names there, and FabricIPAM is that of where
	// their addresses come from.
	FabricDrivers map[linkspan.Driver]string
	FabricIPAM    string
	// Faces are the names that dockerd has for the drivers of such networks.
	Faces []string
	// Drivers are the keys of the drivers whose networks are of one host.
	Drivers []string
	// Plugin says whether anybody's plugin of a name is there, whose error tells;
	// nil: there are none.
	Plugin func(name string) error
	// InDocker are the names that dockerd has for those, where they are others.
	InDocker map[string]string
	Docker   Docker // nil: this host has none
	// InSwarm returns the id that a network of the fabric has in a Docker swarm;
	// empty: it is no swarm's. nil: none is.
	InSwarm func(n linkspan.Network) string
	// Resolver is the file that programs in sandboxes have for
	// /etc/resolv.conf; empty: they have the host's.
	Resolver string
	Log      *slog.Logger
}

// Host is the host. Its methods may be called concurrently.
type Host struct {
	cfg Config

	tidying  sync.RWMutex // held to read while endpoints are made, to write while leftovers go
	ensuring sync.Mutex   // held while a network of the fabric gets its record
}

// New makes a Host. The error has code Invalid when a part is missing.
func New(cfg Config) (*Host, error) {
	if cfg.Model == nil || cfg.Fabric == nil || cfg.Log == nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Op: "make host", Message: "a part is not configured"}
	}
	return &Host{cfg: cfg}, nil
}

// resolverText is what programs in sandboxes find in /etc/resolv.conf: the
// resolver that the names of networks are answered at.
const resolverText = "nameserver 127.0.0.11\noptions ndots:0\n"

// Run takes leftovers away, now and after each change, until ctx ends, whose
// error it returns.
func (h *Host) Run(ctx context.Context) error {
	if err := h.writeResolver(); err != nil {
		return err
	}
	changed, stop := h.cfg.Model.Watch()
	defer stop()
	for {
		h.tidy(ctx)
		timer := time.NewTimer(interval)
		select {
		case <-ctx.Done():
		case <-changed:
			timer.Reset(gather)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

func (h *Host) writeResolver() error {
	if h.cfg.Resolver == "" {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(h.cfg.Resolver), 0o755); err != nil {
		return err
	}
	return os.WriteFile(h.cfg.Resolver, []byte(resolverText), 0o644)
}

// tidy removes endpoints of ours that are in no sandbox, and the records of
// networks of the fabric that no sandbox is in any more.
func (h *Host) tidy(ctx context.Context) {
	if !h.tidying.TryLock() {
		return // somebody is making endpoints, and the change that this brings comes here
	}
	defer h.tidying.Unlock()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	m := h.cfg.Model
	used := make(map[string]bool)
	for _, e := range m.Endpoints() {
		if !e.Own || e.State == cnm.Joined && e.Leaving == nil {
			used[e.Network] = true
			continue
		}
		if err := m.DeleteEndpoint(ctx, e.Network, e.ID); err != nil {
			used[e.Network] = true
			h.cfg.Log.Warn("endpoint without a sandbox stays", "endpoint", e.ID, "error", err)
		}
	}
	for _, n := range m.Networks() {
		if !isShadow(n) || used[n.ID] {
			continue
		}
		if err := m.DeleteNetwork(ctx, n.ID); err != nil && linkspan.CodeOf(err) != linkspan.InUse {
			h.cfg.Log.Warn("record of a network of the fabric stays", "network", n.Name, "error", err)
		}
	}
}
