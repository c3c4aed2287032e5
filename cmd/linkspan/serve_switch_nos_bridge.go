// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/show"
	showbridge "github.com/linkspan/linkspan/nos/show/bridge"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
)

// switchBridge keeps br-switch, and shows what is on it.
type switchBridge struct {
	*bridge.Part
	source showbridge.Source
}

// Shows returns what can be shown of the bridge.
func (b switchBridge) Shows() []show.Item { return b.source.Items() }

// makeBridge makes what keeps br-switch. Open vSwitch may come later, or never, where
// nothing is configured that needs it.
func (n *nos) makeBridge() {
	address, err := bridgeAddress(filepath.Join(n.role.stateDir, "bridge.mac"))
	if err != nil {
		n.role.log.Warn("the address of the switch's bridge is not kept", "address", address.String(), "error", err)
	}
	n.switching = ovs.Start(ovs.Config{Bridge: bridge.Name, RunDir: n.role.ovsRunDir, Log: n.role.log})
	n.bridge = switchBridge{
		bridge.New(bridge.Config{Switch: n.switching, Address: address}),
		showbridge.Source{Switch: n.switching, Running: func() *tree.Tree { return n.manager.Running() }},
	}
}

// bridgeAddress returns the MAC that the bridge and the interfaces of VLANs have, also
// when Open vSwitch has forgotten them: a random one at first (IEEE 802, 8.4: locally
// administered), which is kept in a file. There is one also on an error, which is why the
// one from before could not be read, or the new one not be kept.
func bridgeAddress(file string) (linkspan.MAC, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		var mac linkspan.MAC
		if err = mac.UnmarshalText(bytes.TrimSpace(text)); err == nil {
			return mac, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var mac linkspan.MAC
	_, _ = rand.Read(mac[:]) // it never fails
	mac[0] = mac[0]&^1 | 2
	if err = errors.Join(err, keepAddress(file, mac)); err != nil {
		err = fmt.Errorf("the address of the switch's bridge in %s: %w", file, err)
	}
	return mac, err
}

// keepAddress writes the file, all of it or nothing.
func keepAddress(file string, mac linkspan.MAC) error {
	dir, err := config.OpenDirectory(filepath.Dir(file))
	if err != nil {
		return err
	}
	name := filepath.Base(file)
	err = dir.Write(name+".new", []byte(mac.String()+"\n"))
	if err == nil {
		err = errors.Join(dir.Rename(name+".new", name), dir.Sync())
	} else {
		_ = dir.Remove(name + ".new") // what there is of it takes place
	}
	return errors.Join(err, dir.Close())
}

// closeBridge ends the connection; the bridge stays.
func (n *nos) closeBridge() {
	if n.switching != nil {
		n.switching.Close()
	}
}
