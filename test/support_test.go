// SPDX-License-Identifier: Apache-2.0

package test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// TestTechSupport plants secrets where a switch and its Open vSwitch keep such things, and
// collects: all that is wanted is in the archive, and none of them.
func TestTechSupport(t *testing.T) {
	l := shared(t)
	token, err := os.ReadFile(filepath.Join(l.Dir(), "h1", boot.JoinFile))
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{
		"the join token": strings.TrimSpace(string(token)), "in Open vSwitch": "planted-psk-4711", "a private key": keyOf(t, l, "h1"),
	}
	const hash = "$2b$12$PLANTEDPLANTEDPLANTEDuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	secrets["of a user"] = hash
	config := func(words ...string) { l.On(t, "h1", append([]string{l.Binary, "config"}, words...)...) }
	config("set", "system", "users", "planted", "role", "viewer")
	config("set", "system", "users", "planted", "password-hash", hash)
	config("commit", "--comment", "planted")
	t.Cleanup(func() { config("delete", "system", "users", "planted"); config("commit") })
	l.On(t, "h1", "ovs-vsctl", "set", "bridge", "br-link", "external_ids:psk="+secrets["in Open vSwitch"])
	t.Cleanup(func() { l.On(t, "h1", "ovs-vsctl", "remove", "bridge", "br-link", "external_ids", "psk") })
	file := filepath.Join(t.TempDir(), "support.tar.gz")
	if out := l.On(t, "h1", l.Binary, "tech-support", "--file", file); out != file {
		t.Errorf("it prints %q", out)
	}
	if r := l.Try("h1", l.Binary, "tech-support", "--file", file); r.Exit != 1 || !strings.Contains(r.Err, "exists") {
		t.Errorf("a file that is there is written over: %v", r)
	}
	files := unpack(t, file)
	if out := l.On(t, "h1", l.Binary, "audit", "ls"); strings.Contains(out, "PLANTED") || !strings.Contains(out, "set system users planted role viewer") {
		t.Errorf("the audit log:\n%s", out)
	}
	for name, text := range files {
		for what, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", what, name)
			}
		}
	}
	for name, want := range map[string]string{
		"version.json": "version", "status.json": "in the fabric", "doctor.json": "STATE_OK", "configuration/history.json": "planted", "configuration/running.txt": "set system users planted password-hash", "audit.json": "Records",
		"openvswitch/show.txt": "br-link", "openvswitch/dump-flows.txt": "== br-link", "openvswitch/database.txt": "<hidden>", "network/links.txt": "mtu",
		"process/goroutines.txt": "goroutine", "docker/networks.txt": "NAME", "state/var-lib-linkspan-switch.txt": "state.db",
	} {
		if text, ok := files[name]; !ok || !strings.Contains(text, want) {
			t.Errorf("%s is %.200q; errors:\n%s", name, text, files["errors.txt"])
		}
	}
}

// keyOf returns a line of a switch's private key.
func keyOf(t *testing.T, l *harness.Lab, host string) string {
	t.Helper()
	pem := l.On(t, host, "cat", "/var/lib/linkspan/switch/switch.pem")
	_, key, ok := strings.Cut(pem, "PRIVATE KEY-----\n")
	if !ok {
		t.Fatal("there is no private key to look for")
	}
	line, _, _ := strings.Cut(key, "\n")
	return line
}

// unpack returns the files of an archive by their names below its folder.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zip); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(path.Clean(head.Name), "/")
		files[name] = string(text)
	}
}
