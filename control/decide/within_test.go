// SPDX-License-Identifier: Apache-2.0

package decide

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func TestWithin(t *testing.T) {
	ports := func(protocol uint8, first, last uint16) linkspan.PolicyPorts {
		return linkspan.PolicyPorts{Protocol: protocol, First: first, Last: last}
	}
	shut := &linkspan.Policy{ID: 1, Action: linkspan.PolicyDeny, Ports: []linkspan.PolicyPorts{ports(ProtocolTCP, 22, 22), ports(ProtocolUDP, 0, 65535)}}
	r := NewRules([]*linkspan.Policy{shut}, linkspan.PolicyAllow)
	for _, c := range []struct {
		of      Class
		allowed bool
		most    int
		want    string
	}{
		{BlockOf(ProtocolTCP, 16, 12), true, 8, "[tcp/16-19 tcp/20-21 tcp/23 tcp/24-31]"},
		{BlockOf(ProtocolTCP, 16, 12), true, 3, "[]"},
		{Class{}, true, 8, "[icmp icmp6]"},
		{BlockOf(ProtocolTCP, 16, 12), false, 8, "[tcp/22]"},
		{BlockOf(ProtocolTCP, 64, 10), true, 8, "[tcp/64-127]"},
		{Class{}, false, 8, "[tcp/22 udp]"},
		{ClassOf(ProtocolICMP), true, 8, "[icmp]"},
		{ClassOf(47), true, 8, "[protocol 47]"},
	} {
		if diff := cmp.Diff(c.want, fmt.Sprint(r.Within(c.of, c.allowed, c.most))); diff != "" {
			t.Errorf("%v: %s", c.of, diff)
		}
	}
	all := r.Within(Class{}, true, 100)
	for port := range 1 << 16 {
		n := 0
		for _, c := range all {
			if c.Contains(ProtocolTCP, uint16(port)) {
				n++
			}
		}
		if want := 1; port == 22 && n != 0 || port != 22 && n != want {
			t.Fatalf("tcp/%d is in %d classes", port, n)
		}
	}
	if open := NewRules(nil, linkspan.PolicyAllow); fmt.Sprint(open.Within(Class{}, true, 1), open.Within(Class{}, false, 1)) != "[any] []" {
		t.Error(open.Within(Class{}, true, 1))
	}
}
