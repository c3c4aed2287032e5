// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// TestSwitchesShareAConnection has two bridges over one connection, which stays until the
// last of them is closed.
func TestSwitchesShareAConnection(t *testing.T) {
	host := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, ignore) })
	ctx := limited(t, time.Minute)
	sessions := func() string {
		t.Helper()
		for word := range strings.FieldsSeq(host.Run("ovs-appctl", "-t", "ovsdb-server", "memory/show")) {
			if n, ok := strings.CutPrefix(word, "sessions:"); ok {
				return n
			}
		}
		return "0"
	}
	before := sessions()
	one, err := ovs.Open(ctx, ovs.Config{Bridge: "br-one", RunDir: host.RunDir})
	must(t, err)
	alone := sessions()
	other, err := ovs.OpenBeside(ctx, one, "br-other")
	must(t, err)
	if both := sessions(); alone == before || both != alone {
		t.Errorf("%s connections, %s with one switch, %s with two", before, alone, both)
	}
	must(t, one.EnsureBridge(ctx, ovs.BridgeSpec{DPID: 1}))
	must(t, other.EnsureBridge(ctx, ovs.BridgeSpec{DPID: 2}))
	must(t, one.RemoveBridge(ctx))
	one.Close()
	one.Close() // once more is nothing
	if err := one.Await(ctx); err == nil {
		t.Error("one that is closed answers")
	}
	must(t, other.RemoveBridge(ctx))
	other.Close()
	for deadline := time.Now().Add(30 * time.Second); sessions() != before; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s connections are left", sessions())
		}
	}
}
