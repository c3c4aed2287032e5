// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func aPolicy() Policy {
	return Policy{
		Name: "web-to-db", Priority: 100, Action: PolicyAllow,
		From:  []Selector{{Labels: map[string]string{"app": "web"}, Network: "front"}},
		To:    []Selector{{Endpoint: "h2/db1.back"}, {CIDR: netip.MustParsePrefix("10.7.0.0/24")}},
		Ports: []PolicyPorts{{ProtocolTCP, 80, 90}},
	}
}

func TestPolicyProblems(t *testing.T) {
	if p := aPolicy(); p.Validate() != nil {
		t.Fatal(p.Validate())
	}
	for want, spoil := range map[string]func(*Policy){
		"metadata.name":       func(p *Policy) { p.Name = "a b" },
		"spec.action":         func(p *Policy) { p.Action = 0 },
		"spec.from":           func(p *Policy) { p.From = slices.Repeat(p.From, MaxSelectors+1) },
		"spec.from[0]":        func(p *Policy) { p.From[0] = Selector{} },
		"spec.from[0].labels": func(p *Policy) { p.From[0].Labels = map[string]string{"": "x"} },
		"spec.from[0].network": func(p *Policy) {
			p.From[0].Network = "a/b/c"
		},
		"spec.from[0].group":  func(p *Policy) { p.From[0].Group = "-" },
		"spec.to[0].endpoint": func(p *Policy) { p.To[0].Endpoint = "/x" },
		"spec.to[1].cidr":     func(p *Policy) { p.To[1].CIDR = netip.MustParsePrefix("10.7.0.1/24") },
		"spec.ports":          func(p *Policy) { p.Ports = slices.Repeat(p.Ports, MaxPorts+1) },
		"spec.ports[0]":       func(p *Policy) { p.Ports[0].First = 91 },
	} {
		p := aPolicy()
		spoil(&p)
		problems := p.Problems()
		if len(problems) == 0 || problems[0].Path != want || problems[0].Message == "" {
			t.Errorf("want a problem at %s, got %+v", want, problems)
		}
		if err := p.Validate(); CodeOf(err) != Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	many := make(map[string]string)
	for i := range MaxSelectorLabels + 1 {
		many[fmt.Sprint(i)] = ""
	}
	p := aPolicy()
	p.From[0].Labels = many
	if p.Validate() == nil {
		t.Error("a selector with too many labels is valid")
	}
}

func TestPolicyIsKeptByJSON(t *testing.T) {
	p := aPolicy()
	p.ID, p.Log = 7, true
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"id":7,"name":"web-to-db","priority":100,"action":"allow","from":[{"labels":{"app":"web"},"network":"front"}],` +
		`"to":[{"endpoint":"h2/db1.back"},{"cidr":"10.7.0.0/24"}],"ports":["tcp/80-90"],"log":true}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var back Policy
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(p, back) {
		t.Errorf("got %+v, %v", back, err)
	}
}

func TestPolicyPorts(t *testing.T) {
	for text, want := range map[string]PolicyPorts{
		"tcp/80":        {ProtocolTCP, 80, 80},
		"UDP/5000-6000": {ProtocolUDP, 5000, 6000},
		"sctp":          WholeProtocol(ProtocolSCTP),
		"tcp":           WholeProtocol(ProtocolTCP),
		"icmp":          WholeProtocol(ProtocolICMP),
		"icmp/8":        {ProtocolICMP, 8, 8},
		"icmp6/128":     {ProtocolICMP6, 128, 128},
		"gre":           WholeProtocol(47),
		"ospf":          WholeProtocol(89),
		"ip/47":         WholeProtocol(47),
		"ip/253":        WholeProtocol(253),
		"ip/6":          WholeProtocol(ProtocolTCP),
		"ax.25":         WholeProtocol(93),
	} {
		got, err := ParsePolicyPorts(text)
		if err != nil || got != want || got.Validate() != nil {
			t.Errorf("%s: got %+v, %v", text, got, err)
		}
		if again, err := ParsePolicyPorts(got.String()); err != nil || again != got {
			t.Errorf("%s becomes %s, which is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{
		"", "/", "80", "tcp/", "tcp/-1", "tcp/+1", "tcp/65536", "tcp/2-1", "tcp/1-2-3", "tcp/a", "gre/1", "icmp/256", "icmp/0-8",
		"ip", "ip/256", "ip/x", "ip/", "nope", "tcp/80 ", " tcp", "tcp/1,2", "ip/0", "hopopt", "sctp/9",
	} {
		if got, err := ParsePolicyPorts(text); CodeOf(err) != Invalid || err == nil || HintOf(err) == "" {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
}

func TestProtocolNamesAreKnownOnce(t *testing.T) {
	seen := make(map[string]int)
	for p := 1; p < 256; p++ {
		name := ProtocolName(uint8(p))
		if other, twice := seen[name]; twice {
			t.Errorf("%s is both %d and %d", name, other, p)
		}
		seen[name] = p
		if got, err := ParsePolicyPorts(name); err != nil || got != WholeProtocol(uint8(p)) {
			t.Errorf("%d is called %s, which is %+v, %v", p, name, got, err)
		}
	}
}

func TestPolicyOrder(t *testing.T) {
	all := []Policy{
		{Name: "1", Priority: 9, Action: PolicyDeny, ID: 5},
		{Name: "2", Priority: 9, Action: PolicyReject, ID: 4},
		{Name: "3", Priority: 9, Action: PolicyAllow, ID: 1},
		{Name: "4", Priority: 9, Action: PolicyAllow, ID: 2},
		{Name: "5", Priority: 0, Action: PolicyDeny, ID: 3},
	}
	shuffled := slices.Clone(all)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, func(a, b Policy) int { return ComparePolicies(&a, &b) })
	if !reflect.DeepEqual(all, shuffled) {
		t.Errorf("got %v", shuffled)
	}
}

func TestContradictions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Policy)
		want   bool
	}{
		"another action":           {func(p *Policy) { p.Action = PolicyDeny }, true},
		"reject and allow":         {func(p *Policy) { p.Action = PolicyReject }, true},
		"the same action":          {func(*Policy) {}, false},
		"another priority":         {func(p *Policy) { p.Action, p.Priority = PolicyDeny, 99 }, false},
		"selectors in other order": {func(p *Policy) { p.Action = PolicyDeny; slices.Reverse(p.To) }, true},
		"a selector more":          {func(p *Policy) { p.Action = PolicyDeny; p.To = p.To[:1] }, false},
		"another label": {func(p *Policy) {
			p.Action, p.From[0].Labels = PolicyDeny, map[string]string{"app": "db"}
		}, false},
		"anyone":          {func(p *Policy) { p.Action, p.From = PolicyDeny, nil }, false},
		"ports that meet": {func(p *Policy) { p.Action, p.Ports = PolicyDeny, []PolicyPorts{{ProtocolTCP, 90, 99}} }, true},
		"other ports": {func(p *Policy) {
			p.Action, p.Ports = PolicyDeny, []PolicyPorts{{ProtocolTCP, 91, 99}, {ProtocolUDP, 80, 80}}
		}, false},
		"all ports": {func(p *Policy) { p.Action, p.Ports = PolicyDeny, nil }, true},
	} {
		a, b := aPolicy(), aPolicy()
		b.Name = "other"
		b.From = []Selector{{Labels: maps.Clone(a.From[0].Labels), Network: "front"}}
		c.change(&b)
		if a.Contradicts(&b) != c.want || b.Contradicts(&a) != c.want {
			t.Errorf("%s: want %t", name, c.want)
		}
		b.Name = a.Name
		if a.Contradicts(&b) {
			t.Errorf("%s: a policy contradicts its successor", name)
		}
	}
}

func TestPolicyWords(t *testing.T) {
	if id, err := ParsePolicyID(PolicyID(0xabc).String()); err != nil || id != 0xabc {
		t.Errorf("got %v, %v", id, err)
	}
	for _, bad := range []string{"", "abc", "00000g", "000000", "1000000"} {
		if _, err := ParsePolicyID(bad); CodeOf(err) != Invalid || err == nil {
			t.Errorf("%q is an id", bad)
		}
	}
	p := aPolicy()
	s := p.From[0]
	s.Endpoint, s.Group, s.CIDR = "h1/a", "g", p.To[1].CIDR
	if got, want := s.String(), "label:app=web,network:front,group:g,endpoint:h1/a,cidr:10.7.0.0/24"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !p.Concerns(ProtocolTCP, 80) || p.Concerns(ProtocolTCP, 91) || p.Concerns(ProtocolUDP, 80) {
		t.Error("it concerns other ports than its own")
	}
	if p.Ports = nil; !p.Concerns(47, 0) {
		t.Error("without ports it does not concern all")
	}
	if p.From[0].ByAddress() || !p.To[1].ByAddress() {
		t.Error("which selector looks at nothing but addresses?")
	}
}
