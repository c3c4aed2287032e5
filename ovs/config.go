// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"log/slog"
	"path/filepath"
)

// Config says which Open vSwitch to speak to. Empty fields take the values of
// a Debian installation.
type Config struct {
	Socket string       // of ovsdb-server; default RunDir/db.sock
	Bridge string       // the integration bridge; default br-link
	RunDir string       // where ovs-vswitchd keeps its sockets; default /var/run/openvswitch
	Log    *slog.Logger // default: discard
}

// Default returns c with its empty fields filled.
func (c Config) Default() Config {
	if c.RunDir == "" {
		c.RunDir = "/var/run/openvswitch"
	}
	if c.Socket == "" {
		c.Socket = filepath.Join(c.RunDir, "db.sock")
	}
	if c.Bridge == "" {
		c.Bridge = "br-link"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// managementSocket is where ovs-vswitchd serves OpenFlow for the bridge
// without a Controller row (ovs-vswitchd(8), "service" connections).
func (c Config) managementSocket() string {
	return filepath.Join(c.RunDir, c.Bridge+".mgmt")
}
