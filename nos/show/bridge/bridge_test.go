// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/apply/bridge"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/show"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

const configured = `set vlans 10 interface address 192.0.2.1/24
set vlans 10 description offices
set vlans 20 description guests
set ports eth1 vlan 10
set ports eth1 description "desk 12"
set ports eth2 mode native-untagged
set ports eth2 native-vlan 20
set ports eth2 allowed-vlans 10,20
set ports eth8 mode trunk
set ports eth9 description analyser
set ports lag mode trunk
set ports lag bond member leg1
set ports lag bond member leg2
set ports lag bond lacp active
set ports lag bond lacp-time fast
set spanning-tree enabled true
set mirrors m from-port eth1
set mirrors m output-port eth9
`

func running(t *testing.T, commands string) func() *tree.Tree {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	tr, err := tree.New(s).Load(tree.Commands, []byte(commands))
	if err != nil {
		t.Fatal(err)
	}
	return func() *tree.Tree { return tr }
}

// source is a bridge as configured, with another bridge at the other end of the bond. There
// is no device eth8.
func source(t *testing.T) (Source, *ovstest.Instance) {
	t.Helper()
	o := ovstest.Start(t)
	for _, name := range []string{"eth1", "eth2", "eth9", "leg1", "leg2"} {
		ovstest.IP(t, "link", "add", name, "type", "veth", "peer", "name", "x"+name)
		t.Cleanup(func() { ovstest.IP(t, "link", "del", name) })
		ovstest.IP(t, "link", "set", name, "up")
		ovstest.IP(t, "link", "set", "x"+name, "up")
	}
	ovstest.IP(t, "link", "set", "eth2", "down")
	sw := ovs.Start(ovs.Config{RunDir: o.RunDir, Bridge: bridge.Name})
	t.Cleanup(func() {
		sw.Close()
		o.Vsctl("--if-exists", "del-br", bridge.Name)
	})
	s := Source{Switch: sw, Running: running(t, configured)}
	plan, err := bridge.New(bridge.Config{Switch: sw}).Plan(t.Context(), nil, s.Running())
	if err != nil {
		t.Fatal(err)
	}
	if err := plan.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "eth8") {
		t.Fatal(err)
	}
	o.Vsctl("add-br", "br-other", "--", "set", "bridge", "br-other", "datapath_type="+ovs.DatapathType(),
		"--", "add-bond", "br-other", "bond0", "xleg1", "xleg2", "lacp=active", "other_config:lacp-time=fast")
	o.Ofctl("add-flow", bridge.Name, "actions=NORMAL")
	return s, o
}

// shown returns what is shown as programs get it.
func shown(t *testing.T, s Source, name string, args ...string) any {
	t.Helper()
	c, err := show.NewCatalogue(s.Items()...)
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Show(t.Context(), name, args)
	if err != nil {
		t.Fatal(err)
	}
	text, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// like fails unless have has what want has; what want does not name may be anything.
func like(t *testing.T, what, want string, have any) {
	t.Helper()
	var w any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(w, only(w, have)); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

// only returns of have what want names.
func only(want, have any) any {
	switch w := want.(type) {
	case map[string]any:
		h, _ := have.(map[string]any)
		some := map[string]any{}
		for k := range w {
			if v, ok := h[k]; ok {
				some[k] = only(w[k], v)
			}
		}
		return some
	case []any:
		h, _ := have.([]any)
		some := []any{}
		for i := range h {
			if i < len(w) {
				some = append(some, only(w[i], h[i]))
			} else {
				some = append(some, h[i])
			}
		}
		return some
	}
	return have
}

func TestShow(t *testing.T) {
	s, o := source(t)
	ovstest.Eventually(t, "LACP agrees", func() bool {
		return o.Vsctl("get", "interface", "leg1", "lacp_current")+o.Vsctl("get", "interface", "leg2", "lacp_current") == "truetrue"
	})
	ovstest.Eventually(t, "the spanning tree is settled", func() bool {
		return strings.Contains(o.Vsctl("get", "port", "eth1", "rstp_status"), "Designated")
	})
	ovstest.Eventually(t, "a station is learnt", func() bool {
		// Neighbour discovery of the device's other end is what the bridge learns from.
		_ = exec.CommandContext(t.Context(), "ping", "-6", "-c", "1", "-W", "1", "-I", "xeth1", "ff02::1").Run()
		all, err := s.Switch.Learnt(t.Context())
		return err == nil && slices.ContainsFunc(all, func(l ovs.Learnt) bool { return l.VLAN == 10 })
	})
	like(t, "ports", `[
		{"port": "eth1", "state": "up", "mode": "access", "vlan": "10", "allowed_vlans": null, "description": "desk 12"},
		{"port": "eth2", "state": "disabled", "mode": "native-untagged", "vlan": "20", "allowed_vlans": "10,20"},
		{"port": "eth8", "state": "missing", "mode": "trunk", "vlan": null, "allowed_vlans": "all"},
		{"port": "eth9", "state": "up"},
		{"port": "lag", "state": "up", "speed": 20000000000}]`, shown(t, s, "ports"))
	like(t, "port", `{"port": "lag", "state": "up", "devices": [{"device": "leg1", "state": "up", "mtu": 1500}, {"device": "leg2"}]}`, shown(t, s, "ports", "lag"))
	like(t, "VLANs", `[
		{"vlan": 10, "untagged": ["eth1"], "tagged": ["eth2", "eth8", "lag"], "addresses": ["192.0.2.1/24"], "description": "offices"},
		{"vlan": 20, "untagged": ["eth2"], "tagged": ["eth8", "lag"], "addresses": [], "description": "guests"}]`, shown(t, s, "vlan"))
	like(t, "stations", `[{"vlan": 10, "port": "eth1", "kind": "learnt"}]`, shown(t, s, "mac", "10"))
	like(t, "spanning tree", `{"enabled": true, "is_root": true, "root_path_cost": 0, "ports": [
		{"port": "eth1", "role": "Designated"}]}`, first(shown(t, s, "spanning-tree")))
	like(t, "bonds", `[
		{"bond": "lag", "mode": "active-backup", "lacp": "active", "device": "leg1", "link": "up", "lacp_agreed": true},
		{"bond": "lag", "device": "leg2", "lacp_agreed": true}]`, shown(t, s, "bond"))
	like(t, "mirrors", `[{"mirror": "m", "from_port": ["eth1"], "to_port": [], "vlans": "all", "output": "eth9"}]`, shown(t, s, "mirror"))
}

// first cuts the table of the spanning tree to its first row.
func first(value any) any {
	v, _ := value.(map[string]any)
	if ports, ok := v["ports"].([]any); ok && len(ports) > 1 {
		v["ports"] = ports[:1]
	}
	return v
}

// Without ports and VLANs nothing is asked, and nothing is there.
func TestShowNothing(t *testing.T) {
	s := Source{Running: running(t, "")}
	for _, name := range []string{"ports", "vlan", "mac", "bond", "mirror"} {
		if diff := cmp.Diff([]any{}, shown(t, s, name)); diff != "" {
			t.Error(name, diff)
		}
	}
	like(t, "spanning tree", `{"enabled": false}`, shown(t, s, "spanning-tree"))
}

func TestShowWrong(t *testing.T) {
	ovstest.Need(t)
	sw := ovs.Start(ovs.Config{RunDir: t.TempDir(), Bridge: bridge.Name})
	defer sw.Close()
	s := Source{Switch: sw, Running: running(t, configured)}
	c, err := show.NewCatalogue(s.Items()...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Show(t.Context(), "ports", []string{"eth7"}); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Error("unknown port:", err)
	}
	if _, err := c.Show(t.Context(), "mirror", nil); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Error("no Open vSwitch:", err)
	}
}
