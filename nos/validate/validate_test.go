// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/schema/schematest"
	"github.com/linkspan/linkspan/nos/tree"
)

func base(t testing.TB) *Validator {
	t.Helper()
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	v, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestProblems(t *testing.T) {
	v := base(t)
	for _, c := range []struct{ name, commands, want string }{
		{"right", "set ports eth1 mode trunk\nset ports eth1 allowed-vlans 1-10", ""},
		{"required", "set system users ann full-name Ann", "system users ann role: it is required: expected one of viewer, operator, admin"},
		{"reference", "set ports eth1 vlan 10", "ports eth1 vlan: vlans 10 is not configured"},
		{"reference that is there", "set ports eth1 vlan 10\nset vlans 10", ""},
		{"requires a value", "set vlans 10\nset ports eth1 mode trunk\nset ports eth1 vlan 10", "ports eth1 vlan: it is only possible with mode access"},
		{"excludes a default", "set ports eth1 allowed-vlans 10", "ports eth1 allowed-vlans: it cannot be together with mode access"},
		{"requires from the root", "set vlans 10 control sdn", "vlans 10 control: it is only possible with control mode hybrid"},
		{"requires from the root, there", "set vlans 10 control sdn\nset control mode hybrid", ""},
		{"too few", "set ports bond1 bond member eth2", "ports bond1 bond member: there are 1: expected at least 2"},
		{"too many", "set system dns server 192.0.2.1 192.0.2.2 192.0.2.3 192.0.2.4", "system dns server: there are 4: expected at most 3"},
		{"unique in the tree", "set ports b1 bond member eth2 eth3\nset ports b2 bond member eth3 eth4", `ports b2 bond member: "eth3" is also at ports b1 bond member`},
		{"unique in the list", "set qos q queues 1 dscp 46\nset qos q queues 2 dscp 46", `qos q queues 2 dscp: "46" is also at qos q queues 1 dscp`},
		{"unique in another list", "set qos q queues 1 dscp 46\nset qos r queues 2 dscp 46", ""},
		{"member is a port", "set ports b1 bond member eth2 eth3\nset ports eth3", "ports b1 bond member eth3: it is a port of its own"},
		{"member is itself", "set ports b1 bond member b1 eth3", "ports b1 bond member b1: a bond has another name"},
		{"member has addresses", "set ports b1 bond member eth2 eth3\nset interfaces eth3", "ports b1 bond member eth3: it is also under interfaces"},
		{"port has addresses", "set ports eth3\nset interfaces eth3", "ports eth3: it is also under interfaces"},
		{"a bond in the spanning tree", "set ports b1 bond member eth2 eth3\nset ports b1 spanning-tree cost 5", "ports b1 spanning-tree: it cannot be together with bond"},
		{"primary", "set ports b1 bond member eth2 eth3\nset ports b1 bond primary eth4", "ports b1 bond primary eth4: it is no member of the bond"},
		{"addresses", "set interfaces eth0 address 10.0.0.1/8\nset vlans 10 interface address 10.1.0.1/24", "vlans 10 interface address 10.1.0.1/24: its prefix overlaps with that of interfaces eth0 address 10.0.0.1/8"},
		{"addresses of one", "set interfaces eth0 address 10.0.0.1/8 10.1.0.1/24 fe80::1/64\nset interfaces eth1 address fe80::2/64", ""},
		{"gateway", "set interfaces eth0\nset system management interface eth0\nset system management address 192.0.2.10/24\nset system management gateway 198.51.100.1", "system management gateway 198.51.100.1: it is not near"},
		{"native", "set vlans 5\nset ports e mode native-untagged\nset ports e native-vlan 5\nset ports e allowed-vlans 6-9", "ports e native-vlan: 5 is not allowed on the port"},
		{"mirror", "set ports e\nset mirrors m from-port e\nset mirrors m output-port e", "mirrors m from-port e: copies would be copied again"},
		{"spanning tree", "set spanning-tree forward-delay 4s", "spanning-tree max-age: 20s is too long: expected at most 2 x (forward-delay - 1s), which is 6s"},
		{"next hop", "set routes 10.0.0.0/8 2001:db8::1", "routes 10.0.0.0/8 2001:db8::1: IPv4 and IPv6 are mixed"},
		{"access list", "set acls a rules 1 action deny\nset acls a rules 1 source 10.0.0.0/8\nset acls a rules 1 protocol icmpv6", "acls a rules 1: IPv4 and IPv6 are mixed"},
		{"access list ports", "set acls a rules 1 action deny\nset acls a rules 1 protocol icmp\nset acls a rules 1 source-port 1", "acls a rules 1 source-port: it is only possible with protocol tcp or udp or sctp"},
		{"queue", "set qos q queues 1 guaranteed 10M\nset qos q queues 1 limit 1M", "qos q queues 1 guaranteed: 10M is too much"},
		{"queues", "set qos q queues 1 guaranteed 10M\nset qos q queues 2 guaranteed 10M\nset qos q rate 15M", "qos q rate: 15M is too little"},
		{"password", "set system users ann role viewer\nset system users ann password-hash '$2b$31$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe'", "system users ann password-hash: the hash of a password has a cost of 31"},
		{"confined", "set system users ann role operator\nset system users ann confined-to 'vlans 10' ports 'system dns server'", ""},
		{"confined to nothing", "set system users ann role operator\nset system users ann confined-to 'vlan 10'", `system users ann confined-to "vlan 10": "vlan" is no part of the configuration`},
		{"confined to a value", "set system users ann role operator\nset system users ann confined-to 'system hostname x'", `system users ann confined-to "system hostname x": "x" is no part of the configuration: expected nothing more`},
		{"confined to a list", "set system users ann role operator\nset system users ann confined-to 'acls a rules' vlans", ""},
		{"confined to half a path", "set system users ann role operator\nset system users ann confined-to 'interfaces eth0/1'", "system users ann confined-to \"interfaces eth0/1\": \"eth0/1\" is no part of the configuration"},
		{"confined admin", "set system users ann role admin\nset system users ann confined-to ports", "system users ann confined-to: it is only possible with role operator"},
		{"foreign", "set control foreign a address 192.0.2.1\nset control foreign b address 192.0.2.2\nset control foreign a vlans 1-5\nset control foreign b vlans 5", "control foreign b vlans: VLAN 5 is also of a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := tree.New(v.schema).Load(tree.Commands, []byte(c.commands))
			if err != nil {
				t.Fatal(err)
			}
			err = v.All(n)
			switch {
			case c.want == "" && err != nil:
				t.Errorf("got %v", err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want) || strings.Contains(err.Error(), "\n")):
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAChangeFindsWhatDependsOnIt(t *testing.T) {
	v := base(t)
	old, err := tree.New(v.schema).Load(tree.Commands, []byte("set vlans 10\nset ports eth1 vlan 10\nset control mode hybrid\nset ports eth2 control sdn"))
	if err != nil {
		t.Fatal(err)
	}
	for command, want := range map[string]string{
		"delete vlans":                 "ports eth1 vlan: vlans 10 is not configured",
		"delete vlans 10":              "ports eth1 vlan: vlans 10 is not configured",
		"delete control":               "ports eth2 control: it is only possible with control mode hybrid",
		"set control mode sdn":         "ports eth2 control: it is only possible with control mode hybrid",
		"set ports eth1 mode trunk":    "ports eth1 vlan: it is only possible with mode access",
		"set ports eth1 description x": "",
	} {
		n, err := old.Merge(tree.Commands, []byte(command))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.Change(old, n); want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// What a look at the change finds, and what was wrong before, is all that a look
// at the whole finds; and it finds nothing else.
func TestAChangeFindsAsMuchAsAll(t *testing.T) {
	v := base(t)
	v.most = 1 << 20
	rapid.Check(t, func(t *rapid.T) {
		draw := func(n *tree.Tree, label string) *tree.Tree {
			for range rapid.IntRange(0, 25).Draw(t, label) {
				var err error
				if n, err = n.Set(schematest.Path(t, v.schema)...); err != nil {
					t.Fatal(err)
				}
			}
			return n
		}
		old := draw(tree.New(v.schema), "old")
		n := old
		for _, e := range old.Edits() {
			if rapid.IntRange(0, 3).Draw(t, "delete") == 0 {
				if next, err := n.Delete(e.Words[:rapid.IntRange(1, len(e.Words)).Draw(t, "words")]...); err == nil {
					n = next
				}
			}
		}
		n = draw(n, "new")
		before, all, change := set(v.All(old)), set(v.All(n)), set(v.Change(old, n))
		for p := range all {
			if !before[p] && !change[p] {
				t.Fatalf("the change does not show %s", p)
			}
		}
		for p := range change {
			if !all[p] {
				t.Fatalf("only the change shows %s", p)
			}
		}
	})
}

func set(err error) map[string]bool {
	all := map[string]bool{}
	var problems tree.Problems
	if errors.As(err, &problems) {
		for _, p := range problems {
			all[p.Error()] = true
		}
	}
	return all
}

func TestAnUnknownCheckIsRefused(t *testing.T) {
	s, err := schema.Load(schema.Source{Name: "x", Place: "/", Text: []byte("nodes: {a: {type: string, help: A, example: x, checks: [none]}}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(s); err == nil || !strings.Contains(err.Error(), `x:1: /a: there is no check "none"`) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkOneLine(b *testing.B) {
	v := base(b)
	var text strings.Builder
	for i := 1; i <= 4000; i++ {
		fmt.Fprintf(&text, "set vlans %d interface address 10.%d.%d.1/24\n", i, i/256, i%256)
	}
	for i := range 1000 {
		fmt.Fprintf(&text, "set ports eth%d vlan %d\n", i, i+1)
	}
	old, err := tree.New(v.schema).Load(tree.Commands, []byte(text.String()))
	if err != nil {
		b.Fatal(err)
	}
	for _, command := range []string{"set ports eth500 description x", "set ports eth500 vlan 4000", "set vlans 4001", "delete vlans 3000", "set vlans 7 interface address 172.16.0.1/24", "set ports new"} {
		b.Run(command, func(b *testing.B) {
			for b.Loop() {
				n, err := old.Merge(tree.Commands, []byte(command))
				if err != nil {
					b.Fatal(err)
				}
				if err := v.Change(old, n); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("all", func(b *testing.B) {
		for b.Loop() {
			if err := v.All(old); err != nil {
				b.Fatal(err)
			}
		}
	})
}
