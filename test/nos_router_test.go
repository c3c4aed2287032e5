// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan/test/harness"
)

// far is somebody who manages a switch from behind a router.
type far struct {
	w         switches
	host, key string
}

// What there is behind the router, and before it.
const (
	farAddress = "198.51.100.9" // of who manages
	farRouter  = "198.51.100.1" // towards it
	nearRouter = "192.0.2.1"    // towards the switch
	managedAt  = "192.0.2.10"   // of the switch
	farPrefix  = "198.51.100.0/24"
)

// behindRouter makes a router and somebody behind it, and configures the switch to be
// managed from there.
func (w switches) behindRouter(host string) far {
	w.t.Helper()
	for _, ns := range []string{"router", "manager"} {
		w.On(w.t, host, "ip", "netns", "add", ns)
	}
	for _, args := range [][]string{
		{"link", "add", "mgmt0", "type", "veth", "peer", "name", "near", "netns", "router"},
		{"-n", "router", "link", "add", "far", "type", "veth", "peer", "name", "eth0", "netns", "manager"},
		{"-n", "router", "addr", "add", nearRouter + "/24", "dev", "near"},
		{"-n", "router", "addr", "add", farRouter + "/24", "dev", "far"},
		{"-n", "manager", "addr", "add", farAddress + "/24", "dev", "eth0"},
		{"-n", "router", "link", "set", "near", "up"},
		{"-n", "router", "link", "set", "far", "up"},
		{"-n", "manager", "link", "set", "eth0", "up"},
		{"-n", "manager", "route", "add", "default", "via", farRouter},
	} {
		w.On(w.t, host, append([]string{"ip"}, args...)...)
	}
	w.On(w.t, host, "ip", "netns", "exec", "router", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
	w.configure(host, append(user(w.t, "ann", "admin"), "set interfaces mgmt0 enabled true", "set system management interface mgmt0",
		"set system management address "+managedAt+"/24", "set system management gateway "+nearRouter)...)
	f := far{w, host, w.key(host)}
	harness.Eventually(w.t, "it is managed from behind the router", func() error {
		if r := f.runs("30", "config", "show", "system", "management"); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	return f
}

// runs runs a command about the switch where its manager is, for so many seconds at most.
func (f far) runs(seconds string, args ...string) harness.Result {
	argv := []string{"ip", "netns", "exec", "manager", "env", "LINKSPAN_PASSWORD=" + sesame, "LINKSPAN_SWITCH_KEY=" + f.key, "LINKSPAN_SWITCH=ann@" + managedAt,
		"timeout", seconds, f.w.Binary}
	return f.w.Try(f.host, append(argv, args...)...)
}

// reached says whether packets find their way to the switch and back.
func (f far) reached() bool {
	return f.w.Try(f.host, "ip", "netns", "exec", "manager", "ping", "-c", "3", "-i", "0.2", "-W", "2", managedAt).Exit == 0
}

// cut takes away, from behind the router, the way back to there. The answer to the commit
// may be the first thing that gets lost.
func (f far) cut() {
	f.w.t.Helper()
	for _, args := range [][]string{{"delete", "system", "management", "gateway"}, {"set", "routes", farPrefix, "blackhole", "distance", "5"}} {
		if r := f.runs("60", append([]string{"config"}, args...)...); r.Exit != 0 {
			f.w.t.Fatalf("%v: %v", args, r)
		}
	}
	if r := f.runs("10", "config", "commit", "--confirm", "2m", "--comment", "far"); r.Exit != 0 && r.Exit != 124 {
		f.w.t.Fatalf("commit: %v", r)
	}
	if f.reached() {
		f.w.t.Error("it can still be reached from behind the router")
	}
}

// comesBack waits until it is as before.
func (f far) comesBack() {
	f.w.t.Helper()
	harness.Within(f.w.t, 5*time.Minute, "it is managed from behind the router again", func() error {
		if r := f.runs("30", "shell", "-c", "show history"); r.Exit != 0 {
			return fmt.Errorf("%v", r)
		}
		return nil
	})
	if out := f.w.shell(f.host, "show configuration | set"); !strings.Contains(out, "gateway "+nearRouter) || strings.Contains(out, "blackhole") {
		f.w.t.Errorf("it is configured otherwise:\n%s", out)
	}
}
