// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"context"
	"log/slog"
	"sync"

	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/wire/plugin"
)

// Options is what a [Driver] is made of.
type Options struct {
	Plugin *plug.Plugin
	Log    *slog.Logger // told what the plugin refuses to remove; nil: nobody
}

// Driver implements [cnm.Driver].
type Driver struct {
	plugin *plug.Plugin
	log    *slog.Logger

	mu        sync.Mutex
	networks  map[string]bool     // the plugin has it
	endpoints map[string]endpoint // the plugin has it
}

// endpoint is how far the plugin has come with one.
type endpoint struct {
	joined  *cnm.Attachment // nil: it is in no sandbox
	unknown bool            // an earlier process may have joined it
}

var (
	_ cnm.Driver    = (*Driver)(nil)
	_ cnm.Restorer  = (*Driver)(nil)
	_ cnm.Publisher = (*Driver)(nil)
)

// New returns a driver. The plugin is looked for at its first use.
func New(options Options) *Driver {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Driver{
		plugin: options.Plugin, log: options.Log,
		networks: make(map[string]bool), endpoints: make(map[string]endpoint),
	}
}

// Restore learns what the plugin has.
func (d *Driver) Restore(networks []cnm.Network, endpoints []cnm.Endpoint) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range networks {
		d.networks[n.ID] = n.Removing == nil || !n.Removing.Incomplete
	}
	for _, e := range endpoints {
		d.endpoints[e.ID] = endpoint{joined: e.Attachment, unknown: e.Attachment == nil}
	}
	return nil
}

// call calls the plugin as a network driver.
func (d *Driver) call(ctx context.Context, operation string, req, answer any) error {
	return d.plugin.Call(ctx, plugin.NetworkDriver, operation, req, answer)
}

// remove calls the plugin to take something away.
func (d *Driver) remove(ctx context.Context, operation string, req any) error {
	err := d.call(ctx, operation, req, nil)
	if plug.IsRefused(err) {
		d.log.Warn("plugin does not remove", "plugin", d.plugin.Name(), "operation", operation, "error", err)
		return nil
	}
	return err
}
