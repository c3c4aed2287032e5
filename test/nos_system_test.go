// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// TestSwitchSystem configures the switch itself. Its files are below a root of the node's own.
func TestSwitchSystem(t *testing.T) {
	w := threeSwitches(t)
	w.configure("h1", "set system hostname edge1", "set system time-zone Europe/Berlin", "set system banner 'Keep out'", "set system dns server 192.0.2.53",
		"set system logging level debug", "set metrics enabled true", "set metrics address 127.0.0.1", "set metrics port 9999")
	if name := w.On(t, "h1", "hostname"); name != "edge1" {
		t.Errorf("it is called %s", name)
	}
	for file, want := range map[string]string{"hostname": "edge1\n", "issue": "Keep out\n", "resolv.conf": "nameserver 192.0.2.53\n", "hosts": "127.0.1.1\tedge1\t"} {
		text, err := os.ReadFile(w.Root(t, "h1", "/var/lib/linkspan/root/etc/"+file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s is %q, %v", file, text, err)
		}
	}
	conn, err := w.Dial(t, "h1", "tcp", "127.0.0.1:9999")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /metrics HTTP/1.0\r\n\r\n")
	if page, err := io.ReadAll(conn); err != nil || !strings.Contains(string(page), "linkspan_") {
		t.Errorf("%.200s, %v", page, err)
	}
	for wrong, want := range map[string]string{"set system time-zone Europe/Atlantis": "Atlantis", "set metrics address 192.0.2.9": "metrics", "set interfaces eth7 mtu 1400": "eth7"} {
		if r := w.Try("h1", w.Binary, "shell", "-c", "configure; "+wrong+"; commit"); r.Exit == 0 || !strings.Contains(r.Err, want) {
			t.Errorf("%s: %v", wrong, r)
		}
	}
	if out := w.shell("h1", "show drift"); strings.Contains(out, "system") || strings.Contains(out, "metrics") {
		t.Errorf("drift:\n%s", out)
	}
	w.configure("h1", "rollback 1")
	if name := w.On(t, "h1", "hostname"); name != "h1" {
		t.Errorf("it is called %s", name)
	}
	if r, err := w.Dial(t, "h1", "tcp", "127.0.0.1:9999"); err == nil {
		r.Close()
		t.Error("metrics are still served")
	}
}
