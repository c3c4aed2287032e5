// SPDX-License-Identifier: Apache-2.0

package test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
	"github.com/linkspan/linkspan/trust/password"
)

// sesame is the password of users in tests.
const sesame = "open sesame"

// user returns the commands that make a user with that password.
func user(t *testing.T, name, role string) []string {
	t.Helper()
	hash, err := password.Hash(sesame, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"set system users " + name + " role " + role, "set system users " + name + " password-hash '" + hash + "'"}
}

// key returns the fingerprint of a switch's API, once it is served.
func (w switches) key(host string) (key string) {
	w.t.Helper()
	harness.Eventually(w.t, "the api of "+host+" is served", func() error {
		var system struct {
			Key string `json:"api_key"`
		}
		if err := json.Unmarshal([]byte(w.shell(host, "show system | json")), &system); err != nil {
			return err
		}
		if key = system.Key; key == "" {
			return fmt.Errorf("there is no key")
		}
		return nil
	})
	return key
}

// TestSwitchFromElsewhere configures a switch from another host, as users of several roles,
// while there is garbage on the port; then at its management address alone.
func TestSwitchFromElsewhere(t *testing.T) {
	w := threeSwitches(t)
	w.configure("h2", append(user(t, "ann", "operator"), user(t, "vic", "viewer")...)...)
	key, at := w.key("h2"), w.Address("h2").String()
	typed := func(password, as string, args ...string) harness.Result {
		return w.Try("h1", append([]string{"env", "LINKSPAN_PASSWORD=" + password, "LINKSPAN_SWITCH_KEY=" + key, "LINKSPAN_SWITCH=" + as + "@" + at, w.Binary}, args...)...)
	}
	for range 20 {
		w.Try("h1", "bash", "-c", "head -c 20000 /dev/urandom >/dev/tcp/"+at+"/8443")
	}
	harness.Eventually(t, "ann sees h2", func() error {
		if r := typed(sesame, "ann", "shell", "-c", "show system"); r.Exit != 0 || !strings.Contains(r.Out, "h2") {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	for _, args := range [][]string{{"config", "set", "vlans", "78"}, {"config", "commit", "--comment", "from elsewhere"}} {
		if r := typed(sesame, "ann", args...); r.Exit != 0 {
			t.Errorf("%v: %v", args, r)
		}
	}
	if r := typed(sesame, "ann", "tech-support", "--file", t.TempDir()+"/h2.tar.gz"); r.Exit != 0 {
		t.Errorf("an archive for support: %v", r)
	}
	if out := w.shell("h2", "show configuration | set | include 78"); !strings.Contains(out, "set vlans 78") {
		t.Errorf("h2 has %q", out)
	}
	for what, r := range map[string]harness.Result{
		"may not":                 typed(sesame, "vic", "config", "set", "vlans", "79"),
		"is wrong":                typed("guess", "ann", "shell", "-c", "show system"),
		"an operator and may not": typed(sesame, "ann", "audit", "ls"),
		"is not known; it shows " + key: w.Try("h1", "env", "HOME="+t.TempDir(), "LINKSPAN_PASSWORD="+sesame, w.Binary, "shell", "--switch", "ann@"+at, "-c",
			"show system"),
		"another key": w.Try("h1", "env", "LINKSPAN_PASSWORD="+sesame, w.Binary, "shell", "--switch", "ann@"+at, "--switch-key", "sha256:"+strings.Repeat("0", 64), "-c",
			"show system"),
		"is not known": w.Try("h1", w.Binary, "shell", "--switch", "ann@"+at, "--switch-key", key, "-c", "show system"),
	} {
		if r.Exit != 1 || !strings.Contains(r.Err, what) {
			t.Errorf("%q is expected: %v", what, r)
		}
	}
	audit := w.On(t, "h2", w.Binary, "audit", "ls", "--who", "ann")
	for _, want := range []string{"login", "api " + w.Address("h1").String(), "from elsewhere", "denied"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log has no %q:\n%s", want, audit)
		}
	}
	w.atItsManagementAddress(key)
}

// atItsManagementAddress gives h2 a management address, where it is reached and nowhere else.
func (w switches) atItsManagementAddress(key string) {
	w.t.Helper()
	const address = "192.0.2.12"
	w.configure("h2", "set interfaces eth0 enabled true", "set system management interface eth0", "set system management address "+address+"/24")
	harness.Eventually(w.t, "it listens there alone", func() error {
		out := w.On(w.t, "h2", "ss", "-Hltn")
		for _, port := range []string{"2222", "8443"} {
			if strings.Contains(out, "*:"+port) || !strings.Contains(out, address+":"+port) {
				return fmt.Errorf("%s", out)
			}
		}
		return nil
	})
	r := w.Try("h2", "env", "LINKSPAN_PASSWORD="+sesame, w.Binary, "shell", "--switch", "ann@"+address+":8443", "--switch-key", key, "-c", "show system")
	if r.Exit != 0 {
		w.t.Errorf("at its address: %v", r)
	}
}
