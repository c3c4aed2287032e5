// SPDX-License-Identifier: Apache-2.0

package dockerargs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cmd/linkspan/dockerargs"
)

var created = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func known() []string {
	return []string{"driver", "id", "label", "label!", "name", "scope", "type", "dangling", "until"}
}

func TestFilters(t *testing.T) {
	web := dockerargs.Network{
		ID: "0a1b2c", Name: "web-front", Driver: "bridge", Scope: "local", Used: true, Created: created,
		Labels: map[string]string{"team": "blue", "tier": ""},
	}
	host := dockerargs.Network{ID: "ffff", Name: "host", Driver: "host", Scope: "local", Builtin: true}
	for given, want := range map[string]string{
		"":                                "web-front host",
		"driver=bridge":                   "web-front",
		"driver=bridge driver=host":       "web-front host",
		"driver=bri":                      "",
		"DRIVER=bridge":                   "web-front",
		"name=web":                        "web-front",
		"name=^front":                     "",
		"name=o.t":                        "web-front host",
		"name=(":                          "",
		"id=0a":                           "web-front",
		"scope=local":                     "web-front host",
		"scope=swarm":                     "",
		"label=team":                      "web-front",
		"label=team=blue label=tier":      "web-front",
		"label=team=blue label=team=red":  "",
		"label!=team":                     "host",
		"label!=team=red":                 "web-front host",
		"type=custom":                     "web-front",
		"type=builtin":                    "host",
		"type=builtin type=custom":        "web-front host",
		"dangling=true":                   "",
		"dangling=0":                      "web-front host",
		"driver=bridge label=team=blue  ": "web-front",
	} {
		f, err := dockerargs.ParseFilters(strings.Fields(given), known()...)
		if err != nil {
			t.Errorf("%s: %v", given, err)
			continue
		}
		var passed []string
		for _, n := range []dockerargs.Network{web, host} {
			if f.Match(n) {
				passed = append(passed, n.Name)
			}
		}
		if got := strings.Join(passed, " "); got != want {
			t.Errorf("%q lets %q pass, want %q", given, got, want)
		}
	}
}

func TestUntil(t *testing.T) {
	n := dockerargs.Network{Created: created}
	for given, want := range map[string]bool{
		"1h": true, "48h": false, "2026-11-01": false, "2026-11-02": true, "2026-11-01T12:00:01": true,
		"2026-11-01T12:00:01Z": true, "1793534401": true, "1793534399": false,
	} {
		f, err := dockerargs.ParseFilters([]string{"until=" + given}, "until")
		if err != nil || f.Before(n, created.Add(24*time.Hour)) != want {
			t.Errorf("until=%s: %v, want %v", given, err, want)
		}
	}
	if f, _ := dockerargs.ParseFilters(nil, "until"); !f.Before(n, created) {
		t.Error("without a filter all are before")
	}
}

// TestFilterWords compares what is refused with docker's words.
func TestFilterWords(t *testing.T) {
	for given, want := range map[string]string{
		"bogus":                 "bad format of filter (expected name=value)",
		"bogus=x":               "invalid filter 'bogus'",
		"=x":                    "invalid filter ''",
		"type=bad":              "invalid filter 'type=[bad]'",
		"dangling=maybe":        "invalid filter 'dangling=[maybe]'",
		"dangling=1 dangling=0": "invalid filter 'dangling=[1 0]'",
		"until=soon":            "invalid filter 'until=[soon]'",
		"until=1h until=2h":     "more than one until filter specified",
	} {
		_, err := dockerargs.ParseFilters(strings.Fields(given), known()...)
		if err == nil || err.Error() != want || linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: got %v, want %s", given, err, want)
		}
	}
}
