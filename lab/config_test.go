// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		err    string
	}{
		"two hosts":       {func(*Config) {}, ""},
		"most":            {func(c *Config) { c.Hosts = MaxHosts }, ""},
		"none":            {func(c *Config) { c.Hosts = 0 }, "hosts"},
		"too many":        {func(c *Config) { c.Hosts = MaxHosts + 1 }, "hosts"},
		"bad name":        {func(c *Config) { c.Name = "../etc" }, "name"},
		"long name":       {func(c *Config) { c.Name = strings.Repeat("a", maxName+1) }, "longer"},
		"controllers":     {func(c *Config) { c.Controllers = 3 }, "one controller"},
		"small underlay":  {func(c *Config) { c.Underlay = netip.MustParsePrefix("198.18.0.0/29") }, "room"},
		"IPv6 underlay":   {func(c *Config) { c.Underlay = netip.MustParsePrefix("2001:db8::/64") }, "IPv4"},
		"folder too long": {func(c *Config) { c.StateDir = "/" + strings.Repeat("a", 100) }, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Hosts: 2}
			c.change(&cfg)
			cfg, err := cfg.Default()
			if err != nil {
				t.Fatal(err)
			}
			err = cfg.Validate()
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
			if err != nil && linkspan.CodeOf(err) != linkspan.Invalid {
				t.Errorf("code %v", linkspan.CodeOf(err))
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	cfg, err := Config{Hosts: 2}.Default()
	if err != nil {
		t.Fatal(err)
	}
	l := &Lab{dir: "/x/lab", record: record{Config: cfg}}
	for node, want := range map[string]string{"controller": "198.18.0.2", "h1": "198.18.0.11", "h2": "198.18.0.12"} {
		if got := l.Address(node).String(); got != want {
			t.Errorf("%s has %s, want %s", node, got, want)
		}
	}
	if l.Address("h3").IsValid() {
		t.Error("a host that is not there has an address")
	}
	if got := hardwareAddr(l.Address("h1")).String(); got != "02:4c:c6:12:00:0b" {
		t.Errorf("hardware address %s", got)
	}
	if cgroupName("/a/lab") == cgroupName("/b/lab") {
		t.Error("labs in two places share a control group")
	}
}

func TestEnvironment(t *testing.T) {
	got := ExecEnv([]string{"HOME=/root", "DOCKER_HOST=x", "LINKSPAN_SOCKET=y", "LINKSPAN_JOIN=z", "TERM=vt100", "PATH=/x"})
	if len(got) != 3 || !slices.Contains(got, "HOME=/root") || !slices.Contains(got, "TERM=vt100") ||
		!strings.HasPrefix(got[2], "PATH=") || !strings.Contains(got[2], "/usr/sbin") {
		t.Errorf("environment %q", got)
	}
}

func TestBesideDockerd(t *testing.T) {
	for program, want := range map[string]string{"/opt/docker-29/dockerd": "PATH=/opt/docker-29:/bin", "dockerd": "PATH=/bin"} {
		if got := beside(program, []string{"TERM=vt100", "PATH=/bin"}); got[1] != want {
			t.Errorf("%s: %q, want %q", program, got[1], want)
		}
	}
	cfg, err := Config{Hosts: 1, Dockerd: "tools/dockerd"}.Default()
	if err != nil || !filepath.IsAbs(cfg.Dockerd) {
		t.Errorf("dockerd is %q, %v", cfg.Dockerd, err)
	}
}

func TestNoSuchLab(t *testing.T) {
	if _, err := Open(t.TempDir(), "none"); linkspan.CodeOf(err) != linkspan.NotFound || linkspan.HintOf(err) == "" {
		t.Errorf("open: %v", err)
	}
	if _, err := Open(t.TempDir(), "../x"); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("open a bad name: %v", err)
	}
	if list, err := List(t.TempDir() + "/none"); err != nil || len(list) != 0 {
		t.Errorf("list: %v, %v", list, err)
	}
}

func TestLackError(t *testing.T) {
	err := lackError(Config{Dockerd: "no-such-dockerd"}.lacks())
	if linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(err.Error(), "no-such-dockerd is missing") ||
		!strings.Contains(linkspan.HintOf(err), "apt-get install docker.io") {
		t.Errorf("%v; hint %q", err, linkspan.HintOf(err))
	}
}
