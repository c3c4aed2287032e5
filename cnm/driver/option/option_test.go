// SPDX-License-Identifier: Apache-2.0

package option_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/driver/option"
)

func TestWhatIsWrongIsNamed(t *testing.T) {
	for _, test := range []struct{ key, value, says string }{
		{"other", "1", "unknown option other of the network"},
		{"int", "x", `"x" is not a number from 1 to 9`},
		{"int", "10", `"10" is not a number from 1 to 9`},
		{"bool", "maybe", `"maybe" is not true or false`},
		{"addr", "10.0.0", `"10.0.0" is not an address`},
		{"link", "a/b", "is not the name of a link"},
		{"link", "abcdefghijklmnop", "is not the name of a link"},
		{"link", "", "is not the name of a link"},
		{"choice", "c", "is not one of a, b"},
		{"prefix", "eth0", "is not 1 to 12 letters"},
		{"int", "9", ""},
		{"bool", "1", ""},
		{"addr", "10.0.0.1", ""},
		{"link", "br0", ""},
		{"choice", "b", ""},
		{"prefix", "net-", ""},
	} {
		r := option.Read("network", map[string]string{test.key: test.value})
		r.Int("int", 5, 1, 9)
		r.Bool("bool", false)
		r.Addr("addr")
		r.Link("link", 15)
		r.Text("choice", "a", "a", "b")
		r.Prefix("prefix", "eth")
		err := r.Done()
		if test.says == "" && err != nil || test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s=%q: got %v, want %q", test.key, test.value, err, test.says)
		}
	}
}

// A driver that limits nothing says so; one that does reads what is asked for.
func TestLimits(t *testing.T) {
	asked := map[string]string{linkspan.OptionEgress: "10mbit"}
	for what, err := range map[string]error{
		"network": option.Read("network", asked).Done(), "endpoint": func() error { _, err := option.Name(asked, "eth"); return err }(),
	} {
		if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), "limits nothing") || linkspan.HintOf(err) == "" {
			t.Errorf("%s: got %v", what, err)
		}
	}
	ofNetwork := linkspan.Limits{Ingress: linkspan.Gigabit}
	name, got, err := option.Limited(map[string]string{linkspan.OptionEgress: "10mbit", option.Ifname: "foo0"}, "eth", ofNetwork)
	if want := (linkspan.Limits{Egress: 10 * linkspan.Megabit, Ingress: linkspan.Gigabit}); err != nil || got != want || name != "foo" {
		t.Errorf("got %s, %s, %v; want %s", name, got, err, want)
	}
	for _, wrong := range []map[string]string{{linkspan.OptionEgress: "fast"}, {"linkspan.rate": "10mbit"}} {
		if _, _, err := option.Limited(wrong, "eth", ofNetwork); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%v: got %v", wrong, err)
		}
	}
}

func TestInterfaceNames(t *testing.T) {
	for given, want := range map[string]string{"": "eth", "foo0": "foo", "foo": "!", "foo1": "!", "0": "!", "f o0": "!"} {
		options := map[string]string{option.Ifname: given}
		if given == "" {
			options = nil
		}
		got, err := option.Name(options, "eth")
		if want == "!" && err == nil || want != "!" && (err != nil || got != want) {
			t.Errorf("%q: got %q, %v, want %q", given, got, err, want)
		}
	}
}
