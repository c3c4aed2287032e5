// SPDX-License-Identifier: Apache-2.0

package lldp_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/nos/lldp"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// TestBlockedPortsHaveNeighbours: two bridges with two links between them, of which the
// spanning tree blocks one, see each other on both; also after a link was away.
func TestBlockedPortsHaveNeighbours(t *testing.T) {
	host := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	for i := range 2 {
		ovstest.IP(t, "link", "add", fmt.Sprint("a", i), "type", "veth", "peer", "name", fmt.Sprint("b", i))
	}
	for _, bridge := range []string{"a", "b"} {
		host.Vsctl("add-br", "br-"+bridge, "--", "set", "bridge", "br-"+bridge, "rstp_enable=true", "datapath-type=netdev")
		for i := range 2 {
			port := fmt.Sprint(bridge, i)
			ovstest.IP(t, "link", "set", port, "up")
			host.Vsctl("add-port", "br-"+bridge, port)
		}
	}
	ovstest.Eventually(t, "the loop is broken", func() bool {
		return strings.Contains(host.Vsctl("--columns=rstp_status", "list", "port"), "Discarding")
	})
	ctx, cancel := context.WithCancel(context.Background())
	speakers := make(map[string]*lldp.Speaker)
	ended := make(chan struct{}, 2)
	for _, name := range []string{"a", "b"} {
		s := speaker(t, name)
		speakers[name] = s
		go func() { _ = s.Run(ctx); ended <- struct{}{} }()
	}
	t.Cleanup(func() {
		cancel()
		<-ended
		<-ended
		goleak.VerifyNone(t, ignore)
	})
	seen := func(name string) bool {
		var devices []string
		for _, n := range speakers[name].Neighbours() {
			devices = append(devices, n.Device+" "+n.SystemName+" "+n.PortID)
		}
		other := map[string]string{"a": "b", "b": "a"}[name]
		return strings.Join(devices, ",") == fmt.Sprintf("%[1]s0 %[2]s %[2]s0,%[1]s1 %[2]s %[2]s1", name, other)
	}
	ovstest.Eventually(t, "both links have neighbours at both ends", func() bool { return seen("a") && seen("b") })
	ovstest.IP(t, "link", "set", "a1", "down")
	before := speakers["b"].Counts()["b1"].Heard
	ovstest.IP(t, "link", "set", "a1", "up")
	ovstest.Eventually(t, "it is told again", func() bool { return speakers["b"].Counts()["b1"].Heard > before })
}

func speaker(t *testing.T, name string) *lldp.Speaker {
	t.Helper()
	base, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	commands := fmt.Sprintf("set system hostname %[1]s\nset ports %[1]s0\nset ports %[1]s1\n", name)
	config, err := tree.New(base).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	s := lldp.New(lldp.Options{})
	plan, err := s.Plan(t.Context(), nil, config)
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}
