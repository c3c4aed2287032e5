// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
)

func wantBridge(t *testing.T, get func(...string) string) {
	t.Helper()
	for column, want := range map[string]string{
		"fail_mode": "secure", "protocols": "[OpenFlow13]", "datapath_id": `"6c73000000000007"`,
		"controller": "[]", "external_ids:owner": "linkspan",
		"other_config:disable-in-band": `"true"`, "other_config:controller-queue-size": `"512"`,
		"other_config:datapath-id": `"6c73000000000007"`, "other_config:hwaddr": `"02:6c:73:00:00:07"`,
	} {
		if got := get("get", "Bridge", "br-link", column); got != want {
			t.Errorf("%s is %s, want %s", column, got, want)
		}
	}
}

func TestEnsureBridgeIsIdempotentAndRepairsDrift(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	wantBridge(t, host.Vsctl)

	host.Ofctl("add-flow", "br-link", "priority=7,actions=drop")
	before := configurations(t, host)
	must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid}))
	if after := configurations(t, host); after != before {
		t.Errorf("a bridge that is right cost %d transactions", after-before)
	}
	if flows := host.Ofctl("dump-flows", "br-link"); !strings.Contains(flows, "priority=7") {
		t.Errorf("flows were lost: %s", flows)
	}

	host.Vsctl("set-fail-mode", "br-link", "standalone", "--",
		"set", "Bridge", "br-link", "protocols=OpenFlow10", "other_config:datapath-id=00000000000000aa",
		"other_config:mine=kept", "--", "remove", "Bridge", "br-link", "other_config", "disable-in-band")
	before = configurations(t, host)
	must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid}))
	if after := configurations(t, host); after != before+1 {
		t.Errorf("the repair cost %d transactions instead of one", after-before)
	}
	wantBridge(t, host.Vsctl)
	if got := host.Vsctl("get", "Bridge", "br-link", "other_config:mine"); got != "kept" {
		t.Errorf("somebody else's setting is %s", got)
	}
}

func TestEnsureBridgeRefusesAForeignBridge(t *testing.T) {
	host, sw := open(t)
	ctx := limited(t, time.Minute)
	host.Vsctl("add-br", "br-link", "--", "set", "Bridge", "br-link", "datapath_type=netdev")
	err := sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid})
	wantCode(t, err, linkspan.Conflict)
	if linkspan.HintOf(err) == "" {
		t.Error("the refusal does not say what to do")
	}
	wantCode(t, sw.RemoveBridge(ctx), linkspan.Conflict)
	host.Vsctl("del-br", "br-link")
	must(t, sw.RemoveBridge(ctx)) // none is fine
	wantCode(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{}), linkspan.Invalid)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: "lo"}), linkspan.NotFound)
	must(t, sw.DelPort(ctx, "lo"))
}

func TestEnsureBridgeLeavesControllersAlone(t *testing.T) {
	host, sw := openBridge(t)
	host.Vsctl("set-controller", "br-link", "tcp:127.0.0.1:1")
	must(t, sw.EnsureBridge(limited(t, time.Minute), ovs.BridgeSpec{DPID: dpid}))
	if got := host.Vsctl("get-controller", "br-link"); got != "tcp:127.0.0.1:1" {
		t.Errorf("the controller is %q", got)
	}
}
