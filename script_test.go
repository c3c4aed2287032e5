// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func goodScript() *Script {
	return &Script{
		Name: "branch", Targets: Targets{Names: []string{"sw1", "sw2"}}, Configure: []string{"set vlans 10 description offices"},
		Composites: []Composite{{
			Name: "edge",
			Attach: []Attachment{
				{Interface: "eth0", VLAN: 10, Addresses: []string{"192.0.2.1/24", "2001:db8::1/64"}},
				{Interface: "eth1", Network: "web", Addresses: []string{"10.7.0.5", "fd00::5"}},
			},
			Services: []CompositeMember{
				{Name: "dns", Image: "base/dns-dhcp:1.0", DependsOn: map[string]string{"routing": DependHealthy}, Calls: []string{"routing/neighbors", "switch"}},
				{
					Name: "routing", Image: "base/routing@" + zeros, Command: []string{"init", ""}, Environment: map[string]string{"LOG": "debug"},
					Volumes: []Volume{{Name: "state", Path: "/var/lib/frr"}}, Capabilities: []string{"NET_ADMIN", "SYS_ADMIN"},
					Limits: MemberLimits{CPUs: 0.5, Memory: 64 << 20, PIDs: 100}, Health: &HealthCheck{Call: "routing/health", Interval: Duration(time.Second)},
				},
			},
			Expose: &Exposure{Address: "192.0.2.1:8443", Calls: []string{"routing"}},
		}},
		Rollout: Rollout{Canary: 1, Waves: []string{"10%", "5"}, MaxUnavailable: 2, Soak: Duration(time.Minute), AbortAfter: 1},
		Gates:   []Gate{{Name: "up", Healthy: "edge/routing"}, {Name: "answers", Call: "edge/routing/neighbors", Within: Duration(time.Minute)}},
		Window:  &Window{Days: []string{"sat", "sun"}, From: "22:00", To: "02:00"},
	}
}

func TestScriptIsValid(t *testing.T) {
	s := goodScript()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	a := DefaultAdmission()
	if wrong := a.Problems(s); wrong != nil {
		t.Error(wrong)
	}
	text, err := json.Marshal(s)
	var again Script
	if err != nil || json.Unmarshal(text, &again) != nil || again.Validate() != nil {
		t.Errorf("%s, %v", text, err)
	}
}

func TestScriptProblems(t *testing.T) {
	edge := func(s *Script) *Composite { return &s.Composites[0] }
	routing := func(s *Script) *CompositeMember { return &s.Composites[0].Services[1] }
	for name, c := range map[string]struct {
		change func(*Script)
		want   string // PATH: MESSAGE, as far as it matters
	}{
		"no name":            {func(s *Script) { s.Name = "" }, "metadata.name: script name is empty"},
		"no targets":         {func(s *Script) { s.Targets = Targets{} }, "spec.targets: no switch is named"},
		"target twice":       {func(s *Script) { s.Targets.Names[1] = "sw1" }, "spec.targets.names[1]: sw1 is there twice"},
		"bad neighbor":       {func(s *Script) { s.Targets.NeighborOf = []string{"a b"} }, "spec.targets.neighborOf[0]: switch name"},
		"nothing":            {func(s *Script) { *s = Script{Name: "a", Targets: s.Targets} }, "spec: the script says nothing"},
		"not set":            {func(s *Script) { s.Configure[0] = "delete vlans 10" }, "spec.configuration[0]: the line is no set command"},
		"two lines":          {func(s *Script) { s.Configure[0] = "set vlans 10\nset system" }, "spec.configuration[0]: the line has control characters"},
		"long line":          {func(s *Script) { s.Configure[0] = "set " + strings.Repeat("x", MaxConfigureLine) }, "spec.configuration[0]: the line is 4100 bytes"},
		"many lines":         {func(s *Script) { s.Configure = make([]string, MaxConfigureLines+1) }, "spec.configuration: 4097 are too many"},
		"composite twice":    {func(s *Script) { s.Composites = append(s.Composites, s.Composites[0]) }, "spec.composites[1].name: composite edge is there twice"},
		"exposed twice":      {func(s *Script) { s.Composites = append(s.Composites, s.Composites[0]); s.Composites[1].Name = "b" }, "spec.composites[1].expose.address: composite edge is exposed there"},
		"no service":         {func(s *Script) { edge(s).Services = nil; edge(s).Expose = nil; s.Gates = nil }, "spec.composites[0].services: there is no service"},
		"service twice":      {func(s *Script) { edge(s).Services[0].Name = "routing" }, "spec.composites[0].services[1].name: service routing is there twice"},
		"circle":             {func(s *Script) { routing(s).DependsOn = map[string]string{"dns": DependStarted} }, "spec.composites[0].services: services dns, routing of composite edge wait"},
		"depends on itself":  {func(s *Script) { routing(s).DependsOn = map[string]string{"routing": DependStarted} }, "spec.composites[0].services[1].dependsOn.routing: composite edge has no other"},
		"condition":          {func(s *Script) { edge(s).Services[0].DependsOn["routing"] = "completed" }, `spec.composites[0].services[0].dependsOn.routing: condition "completed"`},
		"image with a host":  {func(s *Script) { routing(s).Image = "registry.example:5000/base/routing" }, "spec.composites[0].services[1].image: image"},
		"image upper case":   {func(s *Script) { routing(s).Image = "Base" }, "spec.composites[0].services[1].image: image"},
		"image digest":       {func(s *Script) { routing(s).Image = "base@sha256:00" }, "spec.composites[0].services[1].image: image"},
		"zero in a word":     {func(s *Script) { routing(s).Command = []string{"a\x00"} }, "spec.composites[0].services[1].command[0]: the word cannot"},
		"variable":           {func(s *Script) { routing(s).Environment = map[string]string{"1A": ""} }, `spec.composites[0].services[1].environment.1A: "1A" is no name`},
		"value":              {func(s *Script) { routing(s).Environment = map[string]string{"A": "\x00"} }, "spec.composites[0].services[1].environment.A: the value"},
		"volume of the host": {func(s *Script) { routing(s).Volumes[0].Name = "/etc" }, `spec.composites[0].services[1].volumes[0].name: volume name "/etc"`},
		"volume above":       {func(s *Script) { routing(s).Volumes[0].Name = "../x" }, `spec.composites[0].services[1].volumes[0].name: volume name "../x"`},
		"volume at proc":     {func(s *Script) { routing(s).Volumes[0].Path = "/proc/sys" }, `spec.composites[0].services[1].volumes[0].path: nothing can be at "/proc/sys"`},
		"volume not clean":   {func(s *Script) { routing(s).Volumes[0].Path = "/a/../proc" }, "spec.composites[0].services[1].volumes[0].path: nothing"},
		"volume with mode":   {func(s *Script) { routing(s).Volumes[0].Path = "/a:rw" }, "spec.composites[0].services[1].volumes[0].path: nothing"},
		"capability":         {func(s *Script) { routing(s).Capabilities[0] = "CAP_NET_ADMIN" }, "spec.composites[0].services[1].capabilities[0]: capability"},
		"all capabilities":   {func(s *Script) { routing(s).Capabilities[0] = "ALL" }, "spec.composites[0].services[1].capabilities[0]: capability"},
		"memory":             {func(s *Script) { routing(s).Limits.Memory = 1 }, "spec.composites[0].services[1].limits.memory: 1 is out of range"},
		"cpus":               {func(s *Script) { routing(s).Limits.CPUs = -1 }, "spec.composites[0].services[1].limits.cpus: -1 is out of range"},
		"pids":               {func(s *Script) { routing(s).Limits.PIDs = -1 }, "spec.composites[0].services[1].limits.pids: -1 is out of range"},
		"health":             {func(s *Script) { routing(s).Health.Command = []string{"x"} }, "spec.composites[0].services[1].health: it must be one"},
		"health call":        {func(s *Script) { routing(s).Health.Call = "routing" }, `spec.composites[0].services[1].health.call: call "routing"`},
		"health time":        {func(s *Script) { routing(s).Health.Start = MaxGateTime + 1 }, "spec.composites[0].services[1].health.start: 1h0m0.000000001s is out of range"},
		"retries":            {func(s *Script) { routing(s).Health.Retries = -1 }, "spec.composites[0].services[1].health.retries: -1"},
		"call":               {func(s *Script) { edge(s).Services[0].Calls[0] = "routing/a/b" }, "spec.composites[0].services[0].calls[0]: call"},
		"lo":                 {func(s *Script) { edge(s).Attach[0].Interface = "lo" }, `spec.composites[0].attach[0].interface: interface "lo"`},
		"interface twice":    {func(s *Script) { edge(s).Attach[1].Interface = "eth0" }, "spec.composites[0].attach[1].interface: eth0 is there twice"},
		"both":               {func(s *Script) { edge(s).Attach[0].Network = "web" }, "spec.composites[0].attach[0]: it must be one"},
		"vlan":               {func(s *Script) { edge(s).Attach[0].VLAN = 4095 }, "spec.composites[0].attach[0].vlan: VLAN 4095"},
		"no prefix length":   {func(s *Script) { edge(s).Attach[0].Addresses[0] = "192.0.2.1" }, "spec.composites[0].attach[0].addresses[0]: address"},
		"prefix length":      {func(s *Script) { edge(s).Attach[1].Addresses[0] = "10.7.0.5/24" }, "spec.composites[0].attach[1].addresses[0]: address"},
		"two of a family":    {func(s *Script) { edge(s).Attach[1].Addresses[1] = "10.7.0.6" }, "spec.composites[0].attach[1].addresses[1]: an endpoint"},
		"exposed where":      {func(s *Script) { edge(s).Expose.Address = ":8443" }, `spec.composites[0].expose.address: address ":8443"`},
		"exposed what":       {func(s *Script) { edge(s).Expose.Calls = nil }, "spec.composites[0].expose.calls: nothing is exposed"},
		"canary":             {func(s *Script) { s.Rollout.Canary = -1 }, "spec.rollout.canary: -1 is out of range"},
		"wave":               {func(s *Script) { s.Rollout.Waves[0] = "101%" }, `spec.rollout.waves[0]: wave "101%"`},
		"soak":               {func(s *Script) { s.Rollout.Soak = MaxSoak + 1 }, "spec.rollout.soak: "},
		"gate twice":         {func(s *Script) { s.Gates[1].Name = "up" }, "spec.gates[1].name: gate up is there twice"},
		"gate of nothing":    {func(s *Script) { s.Gates[0].Healthy = "" }, "spec.gates[0]: it must be one"},
		"gate elsewhere":     {func(s *Script) { s.Gates[0].Healthy = "other" }, "spec.gates[0].healthy: the script has no composite other"},
		"gate of no member":  {func(s *Script) { s.Gates[0].Healthy = "edge/x" }, "spec.gates[0].healthy: composite edge has no service x"},
		"gate call":          {func(s *Script) { s.Gates[1].Call = "edge/routing" }, `spec.gates[1].call: call "edge/routing"`},
		"gate call where":    {func(s *Script) { s.Gates[1].Call = "x/routing/y" }, "spec.gates[1].call: the script has no composite x"},
		"day":                {func(s *Script) { s.Window.Days[0] = "Saturday" }, `spec.window.days: day "Saturday"`},
		"day twice":          {func(s *Script) { s.Window.Days[0] = "sun" }, `spec.window.days: day "sun"`},
		"time":               {func(s *Script) { s.Window.From = "2:00" }, `spec.window.from: time "2:00"`},
		"no time":            {func(s *Script) { s.Window.To = "22:00" }, "spec.window.to: the window ends when it begins"},
		"zone":               {func(s *Script) { s.Window.TimeZone = "Local" }, `spec.window.timezone: time zone "Local"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := goodScript()
			c.change(s)
			var said []string
			for _, p := range s.Problems() {
				said = append(said, p.Path+": "+p.Message)
			}
			if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, c.want) }) {
				t.Errorf("got %q, want %s", said, c.want)
			}
			if err := s.Validate(); CodeOf(err) != Invalid {
				t.Error(err)
			}
		})
	}
}

func TestAdmission(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Script, *Admission)
		want   string
	}{
		"capability":       {func(s *Script, _ *Admission) { s.Composites[0].Services[1].Capabilities[0] = "SYS_MODULE" }, "spec.composites[0].services[1].capabilities[0]: capability SYS_MODULE is not admitted"},
		"of another image": {func(s *Script, _ *Admission) { s.Composites[0].Services[0].Capabilities = []string{"SYS_ADMIN"} }, "spec.composites[0].services[0].capabilities[0]: capability SYS_ADMIN is not admitted"},
		"volume":           {func(_ *Script, a *Admission) { a.Volumes = []string{"other/*"} }, "spec.composites[0].services[1].volumes[0].name: volume edge/state is not admitted"},
		"repository":       {func(_ *Script, a *Admission) { a.Repositories = []string{"base/r*"} }, "spec.composites[0].services[0].image: images of base/dns-dhcp are not admitted"},
		"configuration":    {func(s *Script, _ *Admission) { s.Configure[0] = "set system users eve role admin" }, "spec.configuration[0]: scripts may not set system"},
		"quoted":           {func(s *Script, _ *Admission) { s.Configure[0] = `set "system" users eve role admin` }, `spec.configuration[0]: scripts may not set "system"`},
		"memory":           {func(_ *Script, a *Admission) { a.Limits.Memory = 1 << 20 }, "spec.composites[0].services[1].limits: the service may use more"},
	} {
		s, a := goodScript(), DefaultAdmission()
		c.change(s, &a)
		if wrong := a.Problems(s); len(wrong) != 1 || !strings.HasPrefix(wrong[0].Path+": "+wrong[0].Message, c.want) {
			t.Errorf("%s: %q", name, wrong)
		}
	}
}

func TestStartOrder(t *testing.T) {
	c := Composite{Services: []CompositeMember{
		{Name: "a", DependsOn: map[string]string{"c": DependStarted, "b": DependStarted}}, {Name: "b"}, {Name: "c", DependsOn: map[string]string{"d": DependStarted}}, {Name: "d"},
	}}
	order, err := c.StartOrder()
	var names []string
	for _, m := range order {
		names = append(names, m.Name)
	}
	if err != nil || strings.Join(names, "") != "bdca" {
		t.Errorf("%v, %v", names, err)
	}
}

func TestRolloutSizes(t *testing.T) {
	for _, c := range []struct {
		r    Rollout
		n    int
		want []int
	}{
		{Rollout{}, 5, []int{5}}, {Rollout{}, 0, nil}, {Rollout{Canary: 1}, 1, []int{1}},
		{Rollout{Canary: 1, Waves: []string{"10%", "50%"}}, 21, []int{1, 2, 10, 8}},
		{Rollout{Canary: 2, Waves: []string{"100%"}}, 5, []int{2, 3}},
		{Rollout{Waves: []string{"3", "3", "3"}}, 5, []int{3, 2}}, {Rollout{Canary: 1, Waves: []string{"1%"}}, 4, []int{1, 1, 2}},
	} {
		if got := c.r.Sizes(c.n); !slices.Equal(got, c.want) {
			t.Errorf("%+v of %d: %v", c.r, c.n, got)
		}
	}
	for _, wrong := range []string{"", "0", "0%", "+1", "01", "1.5", "x", "%", "4097"} {
		if _, err := ParseWave(wrong); CodeOf(err) != Invalid || HintOf(err) == "" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
