// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// typeOf makes a leaf of the fields and returns its type.
func typeOf(t testing.TB, fields, example string) *Type {
	t.Helper()
	text := fmt.Sprintf("nodes: {x: {help: X, example: %q, type: %s}}", example, fields)
	s, err := Load(Source{Name: "x.yaml", Place: "/", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return s.Root.Children[0].Type
}

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		fields, example string
		right           []string // value, canonical form, ...
		wrong           []string
	}{
		{"string, range: 2..4", "ab", []string{"abc", "abc", "é", "é"}, []string{"a", "abcde", "a\nb"}},
		{"string, pattern: '[a-z]+'", "ab", []string{"abc", "abc"}, []string{"aB", "a b"}},
		{"text", "a", []string{"a\nb", "a\nb"}, []string{"", "a\x07"}},
		{"name", "a", []string{"a.b-c_D", "a.b-c_D"}, []string{"", ".a", "a b", strings.Repeat("a", 64)}},
		{"integer, range: '0,10..20', step: 5", "0", []string{"15", "15", "0", "0"}, []string{"5", "16", "010", "+15", "1e1", "25"}},
		{"boolean", "true", []string{"false", "false"}, []string{"yes", "1", "True"}},
		{"enum, choices: {a: A, b: B}", "a", []string{"b", "b"}, []string{"c", "A"}},
		{"percentage", "1", []string{"50%", "50", "0", "0"}, []string{"101", "-1", "1.5"}},
		{"duration, range: 1s..2h", "1s", []string{"60", "1m", "90s", "1m30s", "1h", "1h", "2h0m", "2h"}, []string{"0s", "3h", "1", "-5s", "1d"}[:2]},
		{"size", "1", []string{"65536", "64KiB", "1500", "1500", "1GiB", "1GiB"}, []string{"1K", "-1", "1.5KiB", "9999999999999999999"}},
		{"rate", "1k", []string{"1000", "1k", "2.5G", "2500M", "100M", "100M"}, []string{"1K", "2.G", "1.0001k", "M", "9999999999999G"}},
		{"hostname", "a", []string{"Edge1.Example.NET", "edge1.example.net"}, []string{"", "-a", "a..b", "10.0.0.1", "a_b", strings.Repeat("a.", 127) + "a"}},
		{"host", "a", []string{"10.0.0.1", "10.0.0.1", "2001:DB8::1", "2001:db8::1", "a.b", "a.b"}, []string{"10.0.0.256", "a b"}},
		{"address", "::1", []string{"2001:db8:0:0::1", "2001:db8::1"}, []string{"fe80::1%eth0", "::ffff:1.2.3.4", "1.2.3", "010.0.0.1"}},
		{"address-v4", "1.2.3.4", []string{"1.2.3.4", "1.2.3.4"}, []string{"::1"}},
		{"address-v6", "::1", []string{"::2", "::2"}, []string{"1.2.3.4"}},
		{"interface-address", "10.0.0.1/8", []string{"10.0.0.0/31", "10.0.0.0/31", "2001:db8::1/64", "2001:db8::1/64", "10.0.0.255/32", "10.0.0.255/32"},
			[]string{"10.0.0.0/24", "10.0.0.255/24", "10.0.0.1", "0.0.0.0/8", "224.0.0.1/24", "ff02::1/64", "10.0.0.1/33"}},
		{"prefix", "10.0.0.0/8", []string{"0.0.0.0/0", "0.0.0.0/0", "2001:DB8::/32", "2001:db8::/32"}, []string{"10.0.0.1/8", "10.0.0.0", "::ffff:10.0.0.0/104"}},
		{"next-hop", "10.0.0.1", []string{"blackhole", "blackhole", "fe80::1", "fe80::1"}, []string{"0.0.0.0", "127.0.0.1", "ff02::1", "black"}},
		{"mac", "02:00:00:00:00:01", []string{"02-AA-00-00-00-01", "02:aa:00:00:00:01"}, []string{"01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00"}},
		{"interface", "eth0", []string{"eth0.10", "eth0.10"}, []string{"", ".", "a/b", "sixteenbyteslong", "a b", "-e"}},
		{"vlan", "1", []string{"4094", "4094"}, []string{"0", "4095", "01"}},
		{"vlan-set", "1", []string{"20-30,10,25-31,11", "10-11,20-31", "5", "5"}, []string{"", "1,", "0-3", "3-1", "4095", "1-2-3", "1, 2"}},
		{"port-range", "80", []string{"80", "80", "80-81", "80-81"}, []string{"0", "65536", "2-1", "80,81"}},
		{"time-zone", "UTC", []string{"America/Argentina/Ushuaia", "America/Argentina/Ushuaia"}, []string{"../etc/passwd", "/UTC", "utc", ""}},
		{"url", "http://a", []string{"https://a.b/c?d", "https://a.b/c?d"}, []string{"a.b", "http://", "http://u:p@h", "http://a b"}},
		{"public-key", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsXCTxAQL4GAJh4xsrHAUfGCbBKJoN4mYvmDU51Ri6c",
			[]string{"ssh-ed25519  AAAAC3NzaC1lZDI1NTE5AAAAIEsXCTxAQL4GAJh4xsrHAUfGCbBKJoN4mYvmDU51Ri6c a b", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEsXCTxAQL4GAJh4xsrHAUfGCbBKJoN4mYvmDU51Ri6c a b"},
			[]string{"ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIEsXCTxAQL4GAJh4xsrHAUfGCbBKJoN4mYvmDU51Ri6c", "ssh-ed25519", "ssh-ed25519 !!!!", "ssh-ed25519 AAAA"}},
	} {
		typ := typeOf(t, c.fields, c.example)
		for i := 0; i < len(c.right); i += 2 {
			if got, err := typ.Parse(c.right[i]); err != nil || got != c.right[i+1] {
				t.Errorf("%s: %q is %q, %v; want %q", c.fields, c.right[i], got, err, c.right[i+1])
			}
		}
		for _, value := range c.wrong {
			var mismatch *Mismatch
			if got, err := typ.Parse(value); !errors.As(err, &mismatch) || mismatch.Expected == "" {
				t.Errorf("%s: %q is %q, %v", c.fields, value, got, err)
			}
		}
	}
}

// What is expected of a secret is said without the secret.
func TestASecretIsNotInItsError(t *testing.T) {
	_, err := typeOf(t, "secret, pattern: 'a+'", "aa").Parse("hunter2")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestVLANs(t *testing.T) {
	if got := fmt.Sprint(VLANs("10,20-22")); got != "[10 20 21 22]" {
		t.Errorf("got %s", got)
	}
}

// The canonical form of whatever a type takes is taken, and is its own.
func FuzzTypes(f *testing.F) {
	for _, seed := range []string{"1", "1-3,5", "10.0.0.1/24", "1h5m", "2.5G", "64KiB", "a.B", "ssh-ed25519 AAAA", "http://a/%zz"} {
		f.Add(seed)
	}
	s, err := Base()
	if err != nil {
		f.Fatal(err)
	}
	var all []*Type
	s.Walk(func(n *Node) {
		if n.Type != nil {
			all = append(all, n.Type)
		}
	})
	for _, k := range kinds {
		if k.name != "reference" {
			all = append(all, &Type{Name: k.name, what: k.what, parse: k.parse})
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range all {
			once, err := typ.Parse(text)
			if err != nil {
				continue
			}
			if twice, err := typ.Parse(once); err != nil || twice != once {
				t.Errorf("%s: %q is %q, which is %q, %v", typ.Name, text, once, twice, err)
			}
		}
	})
}
