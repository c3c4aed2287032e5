// SPDX-License-Identifier: Apache-2.0

package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// stranger tries to make h1 join once more, under another name and with a state
// of its own, and returns how that ended. One that gets in is ended.
func stranger(t *testing.T, l *harness.Lab, token string) harness.Result {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return l.Try("h1", "timeout", "60", l.Binary, "--socket", filepath.Join(dir, "s"), "serve", "switch", "--join-file", file,
		"--controller", l.Address("controller").String()+":7443", "--name", "stranger", "--switch-dir", filepath.Join(dir, "d"),
		"--bridge", "br-stranger", "--metrics", "", "--plugin-socket", filepath.Join(dir, "p"))
}

func TestBadTokens(t *testing.T) {
	l := shared(t)
	used, err := os.ReadFile(filepath.Join(l.Dir(), "h1", boot.JoinFile))
	if err != nil {
		t.Fatal(err)
	}
	spent := strings.TrimSpace(string(used))
	fresh := l.CLI(t, "switch", "token", "-q")
	for _, c := range []struct {
		name, token string
		words       []string
	}{
		{"used", spent, []string{"token", "used"}},
		{"no token at all", "hello", []string{"token"}},
		{"empty", "", []string{"token"}},
		{"one letter of the secret is wrong", flipped(fresh, len(fresh)-1), []string{"token"}},
		{"one letter in the middle is wrong", flipped(fresh, len(fresh)/2), nil},
		{"cut short", fresh[:len(fresh)/2], []string{"token"}},
		{"expired", l.CLI(t, "switch", "token", "-q", "--ttl", "1ms"), []string{"expired"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := stranger(t, l, c.token)
			if r.Exit != 1 || !hasAll(r.Err, c.words) || strings.Contains(r.Err, "panic") {
				t.Errorf("%v\nwant words %q", r, c.words)
			}
			if c.token != "" && strings.Contains(r.Err, c.token) {
				t.Errorf("the token is printed: %v", r)
			}
		})
	}
	if out := l.CLI(t, "switch", "ls", "-q"); out != "h1\nh2" {
		t.Errorf("switches: %q", out)
	}
}

// flipped returns s with another letter at i.
func flipped(s string, i int) string {
	letter := byte('A')
	if s[i] == letter {
		letter = 'B'
	}
	return s[:i] + string(letter) + s[i+1:]
}

// TestSwitchLife removes a switch for good and lets it join anew.
func TestSwitchLife(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.Network(t, "life", "10.62.0.0/24")
	c1 := l.Run(t, "h1", "life1", "--network", "life")
	c2 := l.Run(t, "h2", "life2", "--network", "life", "--ip", "10.62.0.50")
	c1.Reaches(t, c2, "life")
	if out := l.CLI(t, "switch", "inspect", "h2"); !hasAll(out, []string{`"connected"`, "life2", l.Address("h2").String()}) {
		t.Errorf("switch inspect h2:\n%s", out)
	}
	if r := l.TryCLI("switch", "rm", "h2"); r.Exit != 1 || !hasAll(r.Err, []string{"connected", "--force"}) {
		t.Errorf("switch rm of one that is connected: %v", r)
	}
	if r := l.TryCLI("switch", "rm", "nobody"); r.Exit != 1 || !strings.Contains(r.Err, "nobody") {
		t.Errorf("switch rm of nobody: %v", r)
	}
	l.CLI(t, "switch", "rm", "--force", "h2")
	told(t, l, "switch.removed", "h2", "revoked")
	endpoints(t, l, "life", 1)
	c1.CutOff(t, "10.62.0.50")
	again := l.Run(t, "h1", "life3", "--network", "life", "--ip", "10.62.0.50") // its address is free
	again.Remove(t)
	// It cannot come back: neither by itself nor when it is started again.
	if err := l.Crash(t.Context(), "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	staysOut(t, l)
	rejoin(t, l, c2)
	c2 = l.Run(t, "h2", "life2", "--network", "life")
	c1.Reaches(t, c2, "life")
	c2.Reaches(t, c1, "life")
}

// staysOut checks that h2 tries to connect and is refused, and says what to do.
func staysOut(t *testing.T, l *harness.Lab) {
	t.Helper()
	told := func() string {
		text, err := os.ReadFile(l.LogFile("h2", boot.Switch))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const refusal = "tls: bad certificate"
	before := strings.Count(told(), refusal)
	harness.Eventually(t, "h2 is refused, again and again", func() error {
		if n := strings.Count(told(), refusal) - before; n < 3 {
			return fmt.Errorf("%d times", n)
		}
		return nil
	})
	if !strings.Contains(told(), "linkspan switch token") {
		t.Error("the log of a switch that was removed does not say how it comes back")
	}
	if out := l.CLI(t, "switch", "ls", "-q"); out != "h1" {
		t.Errorf("after switch rm h2, switches are %q", out)
	}
}

// rejoin gives h2 a new token in place of the certificate that was revoked.
func rejoin(t *testing.T, l *harness.Lab, left *harness.Container) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	left.Remove(t)
	if err := l.Stop(ctx, "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	token := l.CLI(t, "switch", "token", "-q")
	if err := os.WriteFile(filepath.Join(l.Dir(), "h2", boot.JoinFile), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Start(ctx, "h2", boot.Switch); err != nil {
		t.Fatal(err)
	}
	connected(t, l)
	harness.Eventually(t, "h2 has joined", func() error {
		names, err := l.Lines("switch", "ls", "-q")
		if err == nil && len(names) != 2 {
			err = fmt.Errorf("%q", names)
		}
		return err
	})
	l.Shown(t, "life")
}

// TestChassisRights types on a host what only the controller's owner may do.
func TestChassisRights(t *testing.T) {
	l := shared(t)
	typed := func(args ...string) harness.Result { return l.Try("h1", append([]string{l.Binary}, args...)...) }
	for _, args := range [][]string{{"network", "ls"}, {"switch", "ls"}, {"endpoint", "ls"}, {"route", "ls"}, {"event", "ls"}, {"doctor"}} {
		if r := typed(args...); r.Exit != 0 {
			t.Errorf("on a host: linkspan %s: %v", strings.Join(args, " "), r)
		}
	}
	l.RemoveLater(t, "typed-here")
	if r := typed("network", "create", "--subnet", "10.63.0.0/24", "typed-here"); r.Exit != 0 {
		t.Errorf("a host may create networks: %v", r)
	}
	l.Shown(t, "typed-here")
	if got := l.CLI(t, "network", "inspect", "typed-here", "--format", "{{.Creator}}"); !hasAll(got, []string{"h1", "root"}) {
		t.Errorf("the creator is %q, it was root on h1", got)
	}
	if r := typed("network", "rm", "typed-here"); r.Exit != 0 {
		t.Errorf("a host may remove an empty network: %v", r)
	}
	for _, args := range [][]string{{"switch", "token"}, {"switch", "rm", "--force", "h2"}} {
		if r := typed(args...); r.Exit != 1 || !strings.Contains(r.Err, "may") {
			t.Errorf("on a host: linkspan %s: %v", strings.Join(args, " "), r)
		}
	}
	connected(t, l)
}
