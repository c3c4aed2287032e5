// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
)

func TestRunWish(t *testing.T) {
	for _, tt := range []struct {
		wish runWish
		args string
		want string // in JSON, or what is wrong
	}{
		{runWish{}, "base/dns-dhcp:1.0.0", `{"name":"dns-dhcp","services":[{"name":"dns-dhcp","image":"base/dns-dhcp:1.0.0"}]}`},
		{runWish{name: "x", memory: "512m"}, "host:5000/a@sha256:00 run -v", `{"name":"x","services":[{"name":"x","image":"host:5000/a@sha256:00","command":["run","-v"],"limits":{"memory":536870912}}]}`},
		{runWish{attach: []string{"eth0=vlan:10,192.0.2.1/24", "eth1=web"}}, "a", `{"name":"a","attach":[{"interface":"eth0","vlan":10,"addresses":["192.0.2.1/24"]},{"interface":"eth1","network":"web"}],"services":[{"name":"a","image":"a"}]}`},
		{runWish{environment: []string{"A=b=c"}, volumes: []string{"v:/data:ro"}, health: "check -q"}, "a", `{"name":"a","services":[{"name":"a","image":"a","environment":{"A":"b=c"},"volumes":[{"name":"v","path":"/data","readOnly":true}],"health":{"command":["check","-q"]}}]}`},
		{runWish{}, "", "an image is wanted"},
		{runWish{file: "x"}, "a", "only one of them"},
		{runWish{attach: []string{"eth0"}}, "a", "--attach"},
		{runWish{attach: []string{"eth0=vlan:9999"}}, "a", "no VLAN"},
		{runWish{environment: []string{"A"}}, "a", "--env"},
		{runWish{volumes: []string{"v:/data:rw"}}, "a", "--volume"},
		{runWish{memory: "much"}, "a", "no amount"},
	} {
		got, err := tt.wish.composites(nil, strings.Fields(tt.args))
		text := strings.Join(got, "")
		if err != nil {
			text = err.Error()
		}
		if err == nil && text != tt.want || err != nil && !strings.Contains(text, tt.want) {
			t.Errorf("%q: %s, want %s", tt.args, text, tt.want)
		}
	}
}

func TestCompositesOf(t *testing.T) {
	for text, want := range map[string]string{
		"name: a\nservices: []":                   `{"name":"a","services":[]}`,
		"composites: [{name: a}, {name: b}]":      `{"name":"a"} {"name":"b"}`,
		"kind: Behavior\ncomposites: [{name: a}]": "more than composites",
		"[1, 2]":                        "no YAML document",
		"composites: [{name: a, 1: b}]": "no text",
	} {
		got, err := compositesOf("x.yaml", []byte(text))
		said := strings.Join(got, " ")
		if err != nil {
			said = err.Error()
		}
		if err == nil && said != want || err != nil && !strings.Contains(said, want) {
			t.Errorf("%q: %s, want %s", text, said, want)
		}
	}
}
