// SPDX-License-Identifier: Apache-2.0

package main

import (
	"log/slog"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
)

// TestSwitchWithATakenSocket: a switch that cannot open its own socket
// starts nothing, and leaves nothing open.
func TestSwitchWithATakenSocket(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	dir := t.TempDir()
	taken, err := listenLocal(t.Context(), filepath.Join(dir, "linkspan.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close() //nolint:errcheck // it was only in the way
	role := switchRole{
		stateDir: filepath.Join(dir, "state"), plugin: filepath.Join(dir, "plugin.sock"), socket: taken.Addr().String(), name: "h1",
		direct: "auto", fastPath: "auto", gatewayRange: "off", gatewayRange6: "off", log: slog.New(slog.DiscardHandler),
	}
	err = role.run(t.Context(), func() { t.Error("it says that it is ready") })
	if linkspan.CodeOf(err) != linkspan.InUse {
		t.Errorf("got %v", err)
	}
	if answers(t.Context(), role.plugin) {
		t.Error("the plugin's socket is open")
	}
}
