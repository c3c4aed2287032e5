// SPDX-License-Identifier: Apache-2.0

package fastpath_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/fastpath"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bridge opens a bridge of ours with one port, whose link is returned.
func bridge(t *testing.T, i *ovstest.Instance) (*ovs.Switch, string) {
	t.Helper()
	ctx := t.Context()
	sw, err := ovs.Open(ctx, ovs.Config{RunDir: i.RunDir})
	must(t, err)
	t.Cleanup(sw.Close)
	must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: linkspan.DPID(1)}))
	host, peer := netns.Names(t.Name())
	must(t, netns.CreateVeth(ctx, netns.Veth{Host: host, Peer: peer}))
	t.Cleanup(func() { must(t, netns.DeleteVeth(context.WithoutCancel(ctx), host)) })
	must(t, sw.AddPort(ctx, ovs.Port{Name: host, OFPort: 100}))
	c, err := sw.Census(ctx)
	must(t, err)
	if c.Kernel {
		t.Skip("needs a kernel without openvswitch: only the userspace datapath has TSO to choose")
	}
	return sw, host
}

func await(t *testing.T, w fastpath.Watch, was fastpath.State) fastpath.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	state, err := fastpath.Await(ctx, w, was)
	must(t, err)
	return state
}

// What is in force is seen through starts of ovs-vswitchd, and a setting that
// came too late is told from one that is in force.
func TestWhatIsInForce(t *testing.T) {
	running := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, running) })
	i := ovstest.Start(t)
	sw, link := bridge(t, i)
	w := fastpath.Watch{Link: link, RunDir: i.RunDir}
	if got := await(t, w, fastpath.Unknown); got != fastpath.Off {
		t.Fatalf("without a setting the state is %v", got)
	}
	must(t, sw.SetUserspaceTSO(t.Context(), true))
	state, err := fastpath.Probe(link)
	must(t, err)
	c, err := sw.Census(t.Context())
	must(t, err)
	if got := fastpath.Decide(fastpath.Auto, fastpath.FactsOf(c, state)); got.Path != fastpath.Broken {
		t.Errorf("set under a running ovs-vswitchd it is %+v", got)
	}
	i.Kill(ovstest.Daemon)
	i.Restart(ovstest.Daemon)
	if got := await(t, w, fastpath.Off); got != fastpath.On {
		t.Errorf("after the start it is %v", got)
	}
	must(t, sw.SetUserspaceTSO(t.Context(), false))
	i.Kill(ovstest.Daemon)
	i.Restart(ovstest.Daemon)
	if got := await(t, w, fastpath.On); got != fastpath.Off {
		t.Errorf("after taking it out and a start it is %v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := fastpath.Await(ctx, w, fastpath.Off); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nothing changed, and the wait ended with %v", err)
	}
}

// On a host that nobody uses it comes into force without a start.
func TestSetOnAFreshHost(t *testing.T) {
	i := ovstest.Start(t)
	sw, link := bridge(t, i)
	must(t, sw.RemoveBridge(t.Context()))
	must(t, sw.SetUserspaceTSO(t.Context(), true))
	must(t, sw.EnsureBridge(t.Context(), ovs.BridgeSpec{DPID: linkspan.DPID(1)}))
	must(t, sw.AddPort(t.Context(), ovs.Port{Name: link, OFPort: 100}))
	if got := await(t, fastpath.Watch{Link: link, RunDir: i.RunDir}, fastpath.Unknown); got != fastpath.On {
		t.Errorf("the state is %v", got)
	}
}

func TestProbeWithoutALink(t *testing.T) {
	ovstest.Need(t)
	if _, err := fastpath.Probe("none0"); err == nil {
		t.Error("a link that is not there was probed")
	}
	if state, err := fastpath.Probe("lo"); err != nil || state != fastpath.Unknown {
		t.Errorf("a link that nobody reads: %v, %v", state, err)
	}
}

func TestCensus(t *testing.T) {
	i := ovstest.Start(t)
	sw, _ := bridge(t, i)
	i.Vsctl("add-br", "br-int", "--", "set", "bridge", "br-int", "datapath_type=netdev",
		"--", "add-port", "br-int", "gnv0", "--", "set", "interface", "gnv0", "type=geneve", "options:remote_ip=192.0.2.1")
	ovstest.Eventually(t, "the other bridge is seen", func() bool {
		c, err := sw.Census(t.Context())
		must(t, err)
		f := fastpath.FactsOf(c, fastpath.Off)
		return c.Endpoints == 1 && c.Bridges == 1 && len(f.Tunnels) == 1 && f.Tunnels[0] == "br-int/gnv0 (geneve)"
	})
}
