// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuide types what the guide tells, in its order, but for what starts the registry and
// what asks the subnet for one.
func TestGuide(t *testing.T) {
	t.Parallel()
	r := start(t)
	text, err := os.ReadFile("../../docs/guide/registry.md")
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(r.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	fingerprint := regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	password := filepath.Join(r.dir, "password")
	if err := os.WriteFile(password, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	change := strings.NewReplacer("registry.example.org:5000", r.address, "/run/secrets/registry", password,
		"/run/linkspan/registry.sock", r.socket(), "/var/lib/linkspan/registry", r.dir+"/data", "linkspan ", r.binary+" ")
	token, code := r.token("root", secret, "repository:base/routing:pull,push")
	if code != http.StatusOK {
		t.Fatal(code)
	}
	r.push("base/routing", "1.1", token, 1000)
	r.push("base/routing", "1.2", token, 1000)
	typed := 0
	for line := range strings.Lines(string(text)) {
		command, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "    linkspan ")
		if !ok || strings.HasPrefix(command, "serve") || command == "registry ls" {
			continue
		}
		command = fingerprint.ReplaceAllString(change.Replace("linkspan "+command), fingerprint.FindString(string(log)))
		if strings.Contains(command, "--user ann") { // he compares the CA by himself
			command += " --ca " + r.ca()
		}
		if strings.HasPrefix(line, "    linkspan login") && strings.Contains(command, "--user ci") {
			r.cli(secret, "user", "create", "ci") // the guide has removed it
		}
		out, err := r.command(secret, "sh", "-c", "export LINKSPAN_SOCKET="+r.socket()+"; "+command)
		if err != nil {
			t.Errorf("%s: %v: %s", command, err, out)
		}
		typed++
	}
	if typed < 18 {
		t.Errorf("the guide tells %d commands", typed)
	}
}
