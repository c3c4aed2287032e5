// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func whole() *ImageManifest {
	least := int64(1)
	return &ImageManifest{
		Name: "base/routing", Version: "1.2.0", Summary: "OSPF and BGP",
		Services: []ServiceManifest{{Name: "routing", Calls: []Call{
			{Name: "neighbors", Arguments: []Argument{
				{Name: "interface", Type: StringArgument, Pattern: "[a-z0-9]+"}, {Name: "count", Type: IntegerArgument, Minimum: &least},
			}, Adapter: &Adapter{Command: []string{"vtysh", "-c", "show neighbor {interface} json", "{count}"}, Output: JSONOutput}},
			{Name: "state", Adapter: &Adapter{Command: []string{"vtysh", "-c", "show version"}}},
		}}},
		Dependencies: []ImageDependency{{Name: "base/lldp", Version: "1.0.0"}},
		Conflicts:    []string{"base/loadbalancer"},
		Capabilities: []string{"NET_ADMIN"},
		Volumes:      []string{"/var/lib/frr"},
		Health:       &HealthCheck{Call: "routing/state", Retries: 3},
		Configured: []Configured{{
			Path: []string{"protocols"}, Schema: map[string]any{"nodes": map[string]any{}},
			Render: []Rendering{{File: "/etc/frr/frr.conf", Template: "x"}}, Apply: []string{"reload"},
			Shows: map[string][]Show{"ospf": {{Words: []string{"state"}, Call: "routing/state"}}},
		}},
		Shell: []string{"vtysh"},
	}
}

func TestManifestIsReadAsWritten(t *testing.T) {
	m := whole()
	label, err := m.Label()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseManifest(label)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(m, again); diff != "" {
		t.Error(diff)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	for name, label := range map[string]string{
		"nothing": "", "other": "[]", "unknown field": `{"name":"a","version":"1.0.0","services":[{"name":"a"}],"privileged":true}`,
		"two": `{"name":"a","version":"1.0.0","services":[{"name":"a"}]} {}`, "size": strings.Repeat(" ", MaxManifest+1), "invalid": `{"name":"A"}`,
	} {
		if _, err := ParseManifest(label); CodeOf(err) != Invalid {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestManifestProblems(t *testing.T) {
	long := strings.Repeat("x", 1<<13)
	for _, c := range []struct {
		change func(*ImageManifest)
		path   string
	}{
		{func(m *ImageManifest) { m.Name = "Base" }, "name"},
		{func(m *ImageManifest) { m.Name = "a//b" }, "name"},
		{func(m *ImageManifest) { m.Version = "1.2" }, "version"},
		{func(m *ImageManifest) { m.Summary = "a\nb" }, "summary"},
		{func(m *ImageManifest) { m.Services = nil }, "services"},
		{func(m *ImageManifest) { m.Services = make([]ServiceManifest, MaxServices+1) }, "services"},
		{func(m *ImageManifest) { m.Services[0].Name = "../x" }, "services[0].name"},
		{func(m *ImageManifest) { m.Services[0].Socket = "../x" }, "services[0].socket"},
		{func(m *ImageManifest) { m.Services[0].Calls[1].Name = "neighbors" }, "services[0].calls[1].name"},
		{func(m *ImageManifest) { m.Services[0].Calls = make([]Call, MaxCalls+1) }, "services[0].calls"},
		{func(m *ImageManifest) { m.Services[0].Calls[1].Adapter = nil }, "services[0].calls[1]"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Command = nil }, "services[0].calls[0].adapter.command"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Command[0] = "{count}" }, "services[0].calls[0].adapter.command[0]"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Command[1] = "{other}" }, "services[0].calls[0].adapter.command[1]"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Command[1] = long }, "services[0].calls[0].adapter.command[1]"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Output = "xml" }, "services[0].calls[0].adapter.output"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Adapter.Timeout = MaxDuration }, "services[0].calls[0].adapter.timeout"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[0].Type = "text" }, "services[0].calls[0].arguments[0].type"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[0].Pattern = "(" }, "services[0].calls[0].arguments[0].pattern"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[0].OneOf = []string{"a"} }, "services[0].calls[0].arguments[0].oneOf"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[0].Minimum = new(int64) }, "services[0].calls[0].arguments[0]"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[1].Maximum = new(int64) }, "services[0].calls[0].arguments[1].minimum"},
		{func(m *ImageManifest) { m.Services[0].Calls[0].Arguments[1].Name = "interface" }, "services[0].calls[0].arguments[1].name"},
		{func(m *ImageManifest) { m.Dependencies[0].Name = "" }, "dependencies[0].name"},
		{func(m *ImageManifest) { m.Dependencies[0].Version = "x" }, "dependencies[0].version"},
		{func(m *ImageManifest) { m.Conflicts[0] = "base/lldp" }, "conflicts[0]"},
		{func(m *ImageManifest) { m.Capabilities[0] = "CAP_NET_ADMIN" }, "capabilities[0]"},
		{func(m *ImageManifest) { m.Capabilities[0] = "ALL" }, "capabilities[0]"},
		{func(m *ImageManifest) { m.Volumes[0] = "/var/../etc" }, "volumes[0]"},
		{func(m *ImageManifest) { m.Volumes[0] = "/" }, "volumes[0]"},
		{func(m *ImageManifest) { m.Health = &HealthCheck{} }, "health"},
		{func(m *ImageManifest) { m.Health.Command = []string{"true"} }, "health"},
		{func(m *ImageManifest) { m.Health.Call = "routing/none" }, "health.call"},
		{func(m *ImageManifest) {
			m.Services[0].Calls[1].Arguments = []Argument{{Name: "a", Type: "mac", Required: true}}
		}, "health.call"},
		{func(m *ImageManifest) { m.Health.Retries = -1 }, "health.retries"},
		{func(m *ImageManifest) { m.Health.Interval = MaxDuration }, "health.interval"},
		{func(m *ImageManifest) { m.Configured[0].Path = nil }, "configuration[0].path"},
		{func(m *ImageManifest) { m.Configured[0].Schema = nil }, "configuration[0].schema"},
		{func(m *ImageManifest) { m.Configured[0].Render = nil }, "configuration[0].render"},
		{func(m *ImageManifest) { m.Configured[0].Render[0].File = "frr.conf" }, "configuration[0].render[0].file"},
		{func(m *ImageManifest) { m.Configured[0].Render[0].Template = "" }, "configuration[0].render[0].template"},
		{func(m *ImageManifest) { m.Configured[0].Apply = nil }, "configuration[0].apply"},
		{func(m *ImageManifest) { m.Configured[0].Shows["ospf"][0].Call = "x" }, "configuration[0].shows.ospf[0].call"},
		{func(m *ImageManifest) { m.Shell = []string{""} }, "shell[0]"},
	} {
		m := whole()
		c.change(m)
		found := false
		for _, p := range m.Problems() {
			found = found || p.Path == c.path
		}
		if !found || CodeOf(m.Validate()) != Invalid {
			t.Errorf("want a problem at %s, got %v", c.path, m.Problems())
		}
	}
	if err := whole().Validate(); err != nil {
		t.Error(err)
	}
}

func TestArgumentCheck(t *testing.T) {
	one, ten := int64(1), int64(10)
	text, patterned := Argument{Type: StringArgument}, Argument{Type: StringArgument, Pattern: "[a-z]+|[0-9]+"}
	number, limited := Argument{Type: IntegerArgument}, Argument{Type: IntegerArgument, Minimum: &one, Maximum: &ten}
	address, prefix, mac := Argument{Type: AddressArgument}, Argument{Type: PrefixArgument}, Argument{Type: MACArgument}
	choice, boolean := Argument{Type: OneOfArgument, OneOf: []string{"a", "b"}}, Argument{Type: BooleanArgument}
	for _, c := range []struct {
		argument Argument
		value    string
		right    bool
	}{
		{text, "a b", true}, {text, "", false}, {text, "-rf", false}, {text, "a\nb", false}, {text, "\xff", false}, {text, strings.Repeat("a", MaxArgument+1), false},
		{patterned, "abc", true}, {patterned, "12", true}, {patterned, "abc12", false}, {patterned, "x; reboot", false},
		{number, "-5", true}, {number, "5", true}, {number, "0x5", false}, {number, "99999999999999999999", false},
		{limited, "1", true}, {limited, "0", false}, {limited, "11", false},
		{address, "192.0.2.1", true}, {address, "2001:db8::1", true}, {address, "fe80::1%eth0", false}, {address, "192.0.2.1/24", false},
		{prefix, "192.0.2.0/24", true}, {prefix, "192.0.2.1/24", false}, {prefix, "2001:db8::/32", true},
		{mac, "02:00:5e:10:00:01", true}, {mac, "02:00:5e:10:00:01:02:03", false},
		{choice, "a", true}, {choice, "c", false}, {boolean, "true", true}, {boolean, "1", false}, {Argument{Type: "other"}, "x", false},
	} {
		err := c.argument.Check(c.value)
		if (err == nil) != c.right {
			t.Errorf("%+v with %q: got %v", c.argument, c.value, err)
		}
		if err != nil && CodeOf(err) != Invalid {
			t.Errorf("code of %v is %v", err, CodeOf(err))
		}
	}
}

func TestArgv(t *testing.T) {
	call := &whole().Services[0].Calls[0]
	for _, c := range []struct {
		values map[string]string
		want   string // words apart by |; empty: refused
	}{
		{map[string]string{"interface": "eth0", "count": "3"}, "vtysh|-c|show neighbor eth0 json|3"},
		{map[string]string{"count": "3"}, "vtysh|-c|3"},
		{map[string]string{}, "vtysh|-c"},
		{map[string]string{"count": "0"}, ""},
		{map[string]string{"other": "0"}, ""},
		{map[string]string{"interface": "eth0 json"}, ""},
	} {
		argv, err := call.Argv(c.values)
		if got := strings.Join(argv, "|"); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%v: got %q, %v, want %q", c.values, got, err, c.want)
		}
	}
	call.Arguments[0].Pattern = ""
	if argv, err := call.Argv(map[string]string{"interface": `eth0 "json`}); err == nil {
		t.Errorf("a value with blanks is put inside of a word: %q", argv)
	}
	call.Arguments[1].Required = true
	if _, err := call.Argv(nil); CodeOf(err) != Invalid {
		t.Errorf("got %v of a missing argument", err)
	}
}

func TestVersions(t *testing.T) {
	ordered := []string{"0.9.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "1.2.0", "1.10.0", "2.0.0"}
	for i, a := range ordered {
		if err := ValidateVersion(a); err != nil {
			t.Error(err)
		}
		for j, b := range ordered {
			if got, want := CompareVersions(a, b), min(1, max(-1, i-j)); got != want {
				t.Errorf("%s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
	if CompareVersions("1.0.0+a", "1.0.0+b") != 0 {
		t.Error("builds are told apart")
	}
	for _, v := range []string{"", "1", "1.2", "01.2.3", "1.2.3-", "1.2.3-01", "v1.2.3", "1.2.3+", "1.2.3 "} {
		if err := ValidateVersion(v); CodeOf(err) != Invalid {
			t.Errorf("%q is a version", v)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	label, _ := whole().Label()
	f.Add(label)
	f.Add(`{"name":"a","version":"1.0.0","services":[{"name":"a"}]}`)
	f.Fuzz(func(t *testing.T, label string) {
		m, err := ParseManifest(label)
		if err != nil {
			return
		}
		for _, s := range m.Services {
			for i := range s.Calls {
				if s.Calls[i].Adapter != nil {
					_, _ = s.Calls[i].Argv(nil)
				}
			}
		}
	})
}
