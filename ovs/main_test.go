// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

const dpid = linkspan.DPID(0x6c73_0000_0000_0007)

// open starts an Open vSwitch and opens it; both end, without a goroutine or a
// link left, when the test does.
func open(t *testing.T) (*ovstest.Instance, *ovs.Switch) {
	t.Helper()
	host := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	sw, err := ovs.Open(limited(t, 30*time.Second), ovs.Config{RunDir: host.RunDir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		sw.Close()
		goleak.VerifyNone(t, ignore)
	})
	return host, sw
}

func openBridge(t *testing.T) (*ovstest.Instance, *ovs.Switch) {
	t.Helper()
	host, sw := open(t)
	must(t, sw.EnsureBridge(limited(t, 30*time.Second), ovs.BridgeSpec{DPID: dpid}))
	t.Cleanup(func() {
		must(t, sw.RemoveBridge(limited(t, 30*time.Second)))
		noLinks(t)
	})
	return host, sw
}

func noLinks(t *testing.T) {
	t.Helper()
	for _, prefix := range []string{netns.HostPrefix, "br-", "lsvx", "t-"} {
		links, err := netns.List(context.Background(), prefix)
		must(t, err)
		if len(links) > 0 {
			t.Errorf("links left behind: %v", links)
		}
	}
}

// veths makes n pairs, which go when the test ends, and returns their host ends.
func veths(t *testing.T, n int) []string {
	t.Helper()
	names := make([]string, n)
	for i := range names {
		host, peer := netns.Names(fmt.Sprint(t.Name(), i))
		must(t, netns.CreateVeth(context.Background(), netns.Veth{Host: host, Peer: peer}))
		t.Cleanup(func() { must(t, netns.DeleteVeth(context.Background(), host)) })
		names[i] = host
	}
	return names
}

func limited(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code linkspan.Code) {
	t.Helper()
	if err == nil || linkspan.CodeOf(err) != code {
		t.Fatalf("error is %v (%v), want code %v", err, linkspan.CodeOf(err), code)
	}
}

// configurations is how many transactions were committed: each raises next_cfg.
func configurations(t *testing.T, host *ovstest.Instance) int {
	t.Helper()
	n, err := strconv.Atoi(host.Vsctl("get", "Open_vSwitch", ".", "next_cfg"))
	must(t, err)
	return n
}
