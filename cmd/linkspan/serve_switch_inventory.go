// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan/cnm/inventory"
	"github.com/linkspan/linkspan/trust"
)

// openInventory makes what tells the controller of this host's own networks.
func (h *host) openInventory(me trust.Identity) (err error) {
	cfg := inventory.Config{
		Chassis: me.Number, Model: h.model, Fabric: h.fabric, Registry: inventory.NewRemote(h.uplink.api.Locals),
		Of: []string{driverName, overlayKey}, Log: h.role.log,
	}
	if h.engine != nil {
		cfg.Called = inDocker()
	}
	h.told, err = inventory.New(cfg)
	return err
}
