// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

func TestCommands(t *testing.T) {
	for want, ask := range map[string]interface{ Command() (Command, error) }{
		"ping -n -c 5 -s 56 -i 1.000 -- 192.0.2.1":                  Ping{Host: "192.0.2.1"},
		"ping -n -c 2 -s 1400 -i 0.200 -I eth0 -- fe80::1%eth0":     Ping{Host: "fe80::1%eth0", Count: 2, Size: 1400, Interval: 200 * time.Millisecond, Source: "eth0"},
		"traceroute -n -w 2 -q 2 -m 30 -s 192.0.2.9 -- example.net": Traceroute{Host: "example.net", Source: "192.0.2.9"},
		"traceroute -n -w 2 -q 2 -m 4 -i eth0 -- 2001:db8::1":       Traceroute{Host: "2001:db8::1", Hops: 4, Source: "eth0"},
		"tcpdump -n -l -i vlan10 -c 20 -- icmp or port 53":          Capture{Interface: "vlan10", Filter: []string{"icmp", "or", "port", "53"}},
	} {
		c, err := ask.Command()
		if got := c.Program + " " + strings.Join(c.Args, " "); err != nil || got != want || c.Limit <= 0 || c.Package == "" {
			t.Errorf("%s: %s, %v", want, got, err)
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	for _, ask := range []interface{ Command() (Command, error) }{
		Ping{}, Ping{Host: "-f"}, Ping{Host: "a b"}, Ping{Host: "a;reboot"}, Ping{Host: "192.0.2.1", Count: 1001}, Ping{Host: "192.0.2.1", Count: -1},
		Ping{Host: "192.0.2.1", Size: 65501}, Ping{Host: "192.0.2.1", Interval: time.Millisecond}, Ping{Host: "192.0.2.1", Source: "-c"},
		Ping{Host: "fe80::1%-c"}, Ping{Host: strings.Repeat("a", 300)},
		Traceroute{Host: "--help"}, Traceroute{Host: "192.0.2.1", Hops: 65}, Traceroute{Host: "192.0.2.1", Source: "a/b"},
		Capture{}, Capture{Interface: "-w"}, Capture{Interface: "eth0", Filter: []string{"-w", "/etc/passwd"}}, Capture{Interface: "eth0", Count: 10001},
		Capture{Interface: "../x"}, Capture{Interface: "eth0", Filter: []string{strings.Repeat("a", 1025)}},
	} {
		if c, err := ask.Command(); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%+v: %v, %v", ask, c, err)
		}
	}
}

// program makes a shell script that is found by its name.
func program(t *testing.T, script string) Command {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "try"), []byte("#!/bin/sh\n"+script), 0o755); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	return Command{Program: "try", Limit: time.Minute, Package: "try"}
}

func collect(ctx context.Context, c Command) (lines []string, err error) {
	err = Run(ctx, c, func(line string) error { lines = append(lines, line); return nil })
	return lines, err
}

func TestRun(t *testing.T) {
	got, err := collect(t.Context(), program(t, "echo one; echo two"))
	if err != nil || !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("%q, %v", got, err)
	}
	got, err = collect(t.Context(), program(t, "head -c 100000 /dev/zero | tr '\\0' x; echo; echo end"))
	if err != nil || len(got) != 2 || len(got[0]) != MaxLine || got[1] != "end" {
		t.Errorf("a long line: %d lines, %v", len(got), err)
	}
	got, err = collect(t.Context(), program(t, "printf 'a\\377b\\n'"))
	if err != nil || !slices.Equal(got, []string{"a?b"}) {
		t.Errorf("not UTF-8: %q, %v", got, err)
	}
}

func TestHowItEnds(t *testing.T) {
	_, err := collect(t.Context(), program(t, "echo 'try: syntax error' >&2; exit 2"))
	if linkspan.CodeOf(err) != linkspan.Invalid || !strings.Contains(err.Error(), "try: syntax error") {
		t.Errorf("refused: %v", err)
	}
	silent := program(t, "exit 1")
	silent.Silence = "nobody answers"
	if _, err := collect(t.Context(), silent); linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(err.Error(), "nobody answers") {
		t.Errorf("silence: %v", err)
	}
	short := program(t, "exec sleep 600")
	short.Limit = 50 * time.Millisecond
	if _, err := collect(t.Context(), short); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("over time: %v", err)
	}
	short.Program = "not-there"
	if _, err := collect(t.Context(), short); linkspan.CodeOf(err) != linkspan.Unavailable || linkspan.HintOf(err) == "" {
		t.Errorf("not installed: %v", err)
	}
	full := errors.New("nobody reads")
	if err := Run(t.Context(), program(t, "while echo y; do :; done"), func(string) error { return full }); !errors.Is(err, full) {
		t.Errorf("nobody reads: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Run(ctx, program(t, "echo begun; exec sleep 600"), func(string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
