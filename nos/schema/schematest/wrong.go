// SPDX-License-Identifier: Apache-2.0

package schematest

import (
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan/nos/schema"
)

// forms are, by type, values of almost the right form. They are never written to.
var forms = map[string][]string{
	"integer":           {"", "1.5", "0x10", "+1", "01", "1e3", "one"},
	"boolean":           {"", "yes", "1", "TRUE", "True"},
	"percentage":        {"-1", "101", "50%%", "half"},
	"duration":          {"", "5 parsecs", "-1s", "s", "1s2"},
	"size":              {"", "-1", "1 hectare", "KiB", "1.5.5"},
	"rate":              {"", "-1M", "M", "10 horses", "1..5G"},
	"hostname":          {"", "-a", "a..b", "a b", "a/b", strings.Repeat("a", 64), strings.Repeat("a.", 128) + "a"},
	"host":              {"", "-a", "a..b", "a b", "a/b", "192.0.2.1/24", "2001:db8:::1"},
	"address":           {"", "192.0.2.256", "192.0.2", "2001:db8:::1", "192.0.2.1/24", "localhost", "fe80::1%eth0"},
	"address-v4":        {"", "2001:db8::1", "192.0.2.256", "192.0.2.1/24"},
	"address-v6":        {"", "192.0.2.1", "2001:db8:::1", "2001:db8::1/64"},
	"interface-address": {"", "192.0.2.1", "192.0.2.1/33", "2001:db8::1/129", "192.0.2.1/255.255.255.0", "192.0.2.256/24"},
	"prefix":            {"", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::1/32", "192.0.2.0", "default"},
	"next-hop":          {"", "blackholes", "192.0.2.256", "192.0.2.1/24", "null0"},
	"mac":               {"", "02:00:5e:10:00", "01:00:5e:00:00:01", "00:00:00:00:00:00", "02:00:5e:10:00:0g", "02:00:5e:10:00:01:02:03"},
	"interface":         {"", strings.Repeat("e", 16), "a/b", "a b", ".", ".."},
	"name":              {"", "-a", ".a", "a b", "a/b", "ä"},
	"vlan":              {"", "0", "4095", "-1", "10a", "1-5"},
	"vlan-set":          {"", "0", "5-4095", "20-10", "1,,2", "1-2-3", "all"},
	"port-range":        {"", "0", "65536", "99-1", "80-", "http"},
	"time-zone":         {"", "../etc/passwd", "/etc/localtime", "Europe/ Berlin"}, // which there are the host knows
	"url":               {"", "example.net", "http://", "//example.net", "http://exa mple.net"},
	"public-key":        {"", "x", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 !!!!"},
	"text":              {"\x00", "\x1b[2J", "\xff"},
	"string":            {"\x00", "a\nb", "\x1b[2J", "\xff"},
	"secret":            {"", "a\nb", "\x00"},
	"enum":              {"", "-", "no such choice"},
	"reference":         {"\x00", "\xff"},
}

// Wrong returns values that a type has not, of which one that it has is known: of almost the
// right form, and just outside of its own limits. It does not ask the type whether they are.
func Wrong(typ *schema.Type, example string) []string {
	all := append([]string{strings.Repeat("a", schema.MaxValue+1)}, forms[typ.Name]...)
	for _, r := range typ.Ranges {
		all = append(all, outside(typ, r)...)
	}
	if typ.Step > 1 && len(typ.Ranges) > 0 && typ.Name == "integer" {
		all = append(all, strconv.FormatInt(typ.Ranges[0].Min+1, 10))
	}
	for _, choice := range typ.ChoiceValues() {
		all = append(all, choice+"x", strings.ToUpper(choice), " "+choice)
	}
	if typ.Pattern != nil {
		for _, text := range []string{"", "!" + example, example + "!", example[:len(example)/2], " "} {
			if !typ.Pattern.MatchString(text) {
				all = append(all, text)
			}
		}
	}
	return all
}

// outside returns what is nearest to a range without being in any.
func outside(typ *schema.Type, r schema.Range) []string {
	var all []string
	for _, n := range []int64{r.Min - 1, r.Max + 1} {
		if n < 0 && typ.Name != "integer" || within(typ, n) {
			continue
		}
		switch typ.Name {
		case "integer", "size", "rate":
			all = append(all, strconv.FormatInt(n, 10))
		case "duration":
			all = append(all, time.Duration(n).String())
		case "string", "text":
			if n <= schema.MaxValue {
				all = append(all, strings.Repeat("a", int(n)))
			}
		}
	}
	return all
}

func within(typ *schema.Type, n int64) bool {
	for _, r := range typ.Ranges {
		if n >= r.Min && n <= r.Max {
			return true
		}
	}
	return false
}
