// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"strings"
	"testing"
)

// TestClients has docker push and pull an image, skopeo copy it, and this program show it,
// remove it and free its space.
func TestClients(t *testing.T) {
	t.Parallel()
	r := start(t)
	e := r.docker()
	name := r.address + "/base/routing:1.2"
	e.image(name, 3<<20)

	if out, err := e.try("push", name); err == nil || !strings.Contains(out, "log in first") && !strings.Contains(out, "no basic auth credentials") {
		t.Errorf("somebody who is not known pushes: %v: %s", err, out)
	}
	r.cli(secret, "login", r.address, "--user", "root", "--ca", r.ca())
	e.do("push", name)
	id := e.do("inspect", "-f", "{{.Id}}", name)
	e.do("rmi", name)
	e.do("pull", name)
	if again := e.do("inspect", "-f", "{{.Id}}", name); again != id {
		t.Errorf("pulled %s, pushed %s", again, id)
	}

	t.Run("skopeo", func(t *testing.T) {
		need(t, "skopeo", "skopeo")
		auth := "--authfile=" + r.dir + "/docker/config.json"
		certs := "--cert-dir=/etc/docker/certs.d/" + r.address
		copied := "docker://" + r.address + "/copy/routing:1.2"
		if out, err := r.command("", "skopeo", "copy", auth, "--src-"+certs[2:], "--dest-"+certs[2:], "docker://"+name, copied); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if out, err := r.command("", "skopeo", "inspect", auth, certs, copied); err != nil || !strings.Contains(out, "linkspan.manifest") {
			t.Errorf("%v: %s", err, out)
		}
		if out, err := r.command("", "skopeo", "list-tags", auth, certs, strings.TrimSuffix(copied, ":1.2")); err != nil || !strings.Contains(out, "1.2") {
			t.Errorf("%v: %s", err, out)
		}
		r.cli("", "image", "rm", "copy/routing:1.2")
	})

	for what, args := range map[string][]string{"on its own host": {}, "from elsewhere": {"--registry", r.address}} {
		if out := r.cli("", append([]string{"image", "ls"}, args...)...); !strings.Contains(out, "base/routing") || !strings.Contains(out, "1.2.0") {
			t.Errorf("%s: %s", what, out)
		}
	}
	if out := r.cli("", "image", "inspect", "base/routing:1.2", "--format", "{{.Manifest.Version}} {{len .Layers}}"); out != "1.2.0 1\n" {
		t.Errorf("%q", out)
	}
	digest := strings.TrimSpace(r.cli("", "image", "inspect", "base/routing:1.2", "--format", "{{.Digest}}"))
	r.cli("", "image", "rm", "base/routing@"+digest)
	if out := r.cli("", "image", "ls", "-q"); out != "" {
		t.Errorf("after rm: %s", out)
	}
	if out := r.cli("", "image", "gc"); !strings.Contains(out, "0B from") {
		t.Errorf("what is young goes: %s", out)
	}
	if out := r.cli("", "image", "gc", "--untagged", "--grace", "0s"); !strings.Contains(out, "0 layers are needed") {
		t.Errorf("gc: %s", out)
	}
	e.do("push", name) // all of it again
	e.do("rmi", name)
	e.do("pull", name)
	r.cli("", "logout", r.address)
	if out, err := e.try("push", name); err == nil {
		t.Errorf("after logout: %s", out)
	}
}
