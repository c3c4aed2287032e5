// SPDX-License-Identifier: Apache-2.0

package dockerargs_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cmd/linkspan/dockerargs"
)

// typed reads words like a command line: s= r= g= a=name=address.
func typed(line string) (all []dockerargs.Subnet, err error) {
	var s, r, g []string
	aux := make(map[string]string)
	for _, word := range strings.Fields(line) {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "s":
			s = append(s, value)
		case "r":
			r = append(r, value)
		case "g":
			g = append(g, value)
		case "a":
			name, address, _ := strings.Cut(value, "=")
			aux[name] = address
		}
	}
	return dockerargs.Subnets(s, r, g, aux)
}

func TestSubnets(t *testing.T) {
	for line, want := range map[string][]dockerargs.Subnet{
		"": nil,
		"s=10.7.0.0/24 g=10.7.0.254 r=10.7.0.128/25 a=nas=10.7.0.5": {
			{Subnet: "10.7.0.0/24", Range: "10.7.0.128/25", Gateway: "10.7.0.254", Aux: map[string]string{"nas": "10.7.0.5"}},
		},
		"s=10.7.0.0/24 s=fd00:7::/64 g=fd00:7::1 g=10.7.0.1": {
			{Subnet: "10.7.0.0/24", Gateway: "10.7.0.1"}, {Subnet: "fd00:7::/64", Gateway: "fd00:7::1"},
		},
		"s=10.7.0.0/24 s=10.8.0.0/24 r=10.8.0.0/25": {{Subnet: "10.7.0.0/24"}, {Subnet: "10.8.0.0/24", Range: "10.8.0.0/25"}},
	} {
		got, err := typed(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
}

// TestSubnetWords compares what is refused with docker's words.
func TestSubnetWords(t *testing.T) {
	for line, want := range map[string]string{
		"s=bogus":                                           "invalid subnet: invalid CIDR address: bogus",
		"s=10.64.0.0/33":                                    "invalid subnet: invalid CIDR address: 10.64.0.0/33",
		"g=10.0.0.1":                                        "every ip-range or gateway must have a corresponding subnet",
		"r=10.0.0.0/24":                                     "every ip-range or gateway must have a corresponding subnet",
		"s=10.64.0.0/24 s=10.64.0.0/16":                     "multiple overlapping subnet configuration is not supported",
		"s=10.64.0.0/24 g=10.65.0.1":                        "no matching subnet for gateway 10.65.0.1",
		"s=10.64.0.0/24 g=bogus":                            "no matching subnet for gateway bogus",
		"s=10.64.0.0/24 r=10.65.0.0/25":                     "no matching subnet for range 10.65.0.0/25",
		"s=10.64.0.0/24 r=10.64.0.7":                        "invalid CIDR address: 10.64.0.7",
		"s=10.64.0.0/24 a=x=10.65.0.1":                      "no matching subnet for aux-address 10.65.0.1",
		"s=10.64.0.0/24 a=x=":                               "no matching subnet for aux-address ",
		"s=10.1.0.0/16 s=10.2.0.0/16 g=10.1.0.1 g=10.1.0.2": "cannot configure multiple gateways (10.1.0.2, 10.1.0.1) for the same subnet (10.1.0.0/16)",
		"s=10.1.0.0/16 s=10.2.0.0/16 r=10.1.0.0/24 r=10.1.1.0/24": "cannot configure multiple ranges (10.1.1.0/24, 10.1.0.0/24) on the same subnet (10.1.0.0/16)",
	} {
		_, err := typed(line)
		if err == nil || err.Error() != want || linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: got %v, want %s", line, err, want)
		}
	}
}

func FuzzSubnets(f *testing.F) {
	f.Add("10.7.0.0/24", "10.7.0.128/25", "10.7.0.1", "10.7.0.5")
	f.Add("fd00::/64", "", "::", "%eth0")
	f.Fuzz(func(t *testing.T, subnet, within, gateway, aux string) {
		all, err := dockerargs.Subnets([]string{subnet}, []string{within}, []string{gateway}, map[string]string{"a": aux})
		if err == nil && (len(all) != 1 || all[0].Gateway != gateway || all[0].Range != within || all[0].Aux["a"] != aux) {
			t.Errorf("%q, %q, %q, %q became %+v", subnet, within, gateway, aux, all)
		}
	})
}
