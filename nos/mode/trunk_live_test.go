// SPDX-License-Identifier: Apache-2.0

package mode_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// behind puts a host behind another bridge, which learns and has a trunk to br-switch.
func (w *world) behind(trunk, name string, last byte) {
	w.t.Helper()
	ns := ovstest.Namespace(w.t)
	w.hosts[name] = strings.Replace(ns, "/self/", fmt.Sprintf("/%d/", os.Getpid()), 1)
	must(w.t, netns.CreateVeth(w.t.Context(), netns.Veth{Host: name, Peer: name + "0", MAC: macOf(last)}))
	must(w.t, netns.CreateVeth(w.t.Context(), netns.Veth{Host: trunk, Peer: trunk + "0"}))
	ovstest.IP(w.t, "link", "set", trunk+"0", "up")
	ovstest.IP(w.t, "link", "set", name+"0", "netns", w.hosts[name])
	w.in(name, "ip", "addr", "add", fmt.Sprintf("10.7.0.%d/24", last), "dev", name+"0")
	w.in(name, "ip", "link", "set", name+"0", "up")
	w.ovs.Vsctl("add-br", "br-down", "--", "set", "bridge", "br-down", "datapath_type=netdev", "--",
		"add-port", "br-down", trunk+"0", "trunks=10", "--", "add-port", "br-down", name, "tag=10")
	must(w.t, w.sw.AddPort(w.t.Context(), ovs.Port{Name: trunk}))
}

func TestHostsBehindATrunk(t *testing.T) {
	w := newWorld(t)
	w.behind("up", "e", 9)
	must(t, w.configure(append(vlan10(), "set ports up mode trunk", "set ports up allowed-vlans 10")...))
	w.reaches("a", 9)
	w.lossless(func() {
		for i := range 4 {
			must(t, w.configure("set control mode "+[]string{"sdn", "traditional"}[i%2]))
			w.reaches("a", 9)
			w.reaches("e", 3)
		}
	})
	must(t, w.configure("set control mode hybrid", "set ports up control sdn"))
	w.reaches("e", 2)
	w.reaches("b", 9)
}
