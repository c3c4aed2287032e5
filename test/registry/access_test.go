// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestAccess has everybody try everything.
func TestAccess(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.cli("viewer secret", "user", "create", "vic", "--role", "viewer")
	r.cli("operator secret", "user", "create", "oli", "--role", "operator", "--grant", "team/*:pull,push", "--grant", "base/**:pull")
	admin, _ := r.token("root", secret, "repository:base/a:pull,push", "repository:team/b:pull,push")
	r.push("base/a", "1", admin, 1000)
	r.push("team/b", "1", admin, 1000)

	if _, code := r.token("", "", "repository:base/a:pull"); code != http.StatusUnauthorized {
		t.Errorf("nobody gets a token: %d", code)
	}
	if _, code := r.token("vic", "wrong secret"); code != http.StatusUnauthorized {
		t.Errorf("a wrong password: %d", code)
	}
	for _, c := range []struct {
		who, password, method, path string
		want                        int
	}{
		{"", "", "GET", "/v2/", 401}, {"", "", "GET", "/v2/base/a/manifests/1", 401}, {"", "", "GET", "/v2/_catalog", 401},
		{"vic", "viewer secret", "GET", "/v2/", 200}, {"vic", "viewer secret", "GET", "/v2/base/a/manifests/1", 200},
		{"vic", "viewer secret", "POST", "/v2/base/a/blobs/uploads/", 401}, {"vic", "viewer secret", "DELETE", "/v2/base/a/manifests/1", 401},
		{"vic", "viewer secret", "GET", "/v2/_catalog", 200}, {"vic", "viewer secret", "GET", "/v2/base/a/tags/list", 200},
		{"oli", "operator secret", "GET", "/v2/base/a/manifests/1", 200}, {"oli", "operator secret", "POST", "/v2/base/a/blobs/uploads/", 401},
		{"oli", "operator secret", "POST", "/v2/team/b/blobs/uploads/", 202}, {"oli", "operator secret", "GET", "/v2/other/b/tags/list", 401},
		{"oli", "operator secret", "GET", "/v2/_catalog", 401}, {"oli", "operator secret", "DELETE", "/v2/team/b/manifests/1", 401},
		{"oli", "operator secret", "POST", "/v2/team/b/blobs/uploads/?mount=" + digestOf([]byte("x")) + "&from=secret/c", 401},
		{"root", secret, "GET", "/v2/_catalog", 200}, {"root", secret, "DELETE", "/v2/base/a/manifests/1", 202},
		{"root", secret, "GET", "/v2/team%2Fb/tags/list", 400}, {"root", secret, "GET", "/v2/team", 404},
	} {
		token := ""
		if c.who != "" { // what clients do: ask for all of it, and get what there is
			token, _ = r.token(c.who, c.password, "repository:base/a:pull,push,delete", "repository:team/b:pull,push,delete", "repository:other/b:pull", "repository:secret/c:pull", "registry:catalog:*")
		}
		if resp, text := r.do(c.method, c.path, token, nil, "Accept", "application/vnd.oci.image.manifest.v1+json"); resp.StatusCode != c.want {
			t.Errorf("%s: %s %s: %d, want %d: %s", c.who, c.method, c.path, resp.StatusCode, c.want, text)
		} else if c.want == 401 && !strings.HasPrefix(resp.Header.Get("WWW-Authenticate"), "Bearer realm=\"https://"+r.address+"/token\"") {
			t.Errorf("%s: %s %s: no way to a token: %v", c.who, c.method, c.path, resp.Header)
		}
	}
	for what, token := range map[string]string{"no token at all": "x.y.z", "cut": admin[:len(admin)-5]} {
		if resp, _ := r.do(http.MethodGet, "/v2/team/b/manifests/1", token, nil); resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", what, resp.StatusCode)
		}
	}
	other := start(t)
	foreign, _ := other.token("root", secret, "repository:team/b:pull")
	if resp, _ := r.do(http.MethodGet, "/v2/team/b/manifests/1", foreign, nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a token of another registry: %d", resp.StatusCode)
	}
	audit := r.cli("", "audit", "ls", "--dir", r.dir+"/data/audit")
	for _, want := range []string{"user create oli", "push base/a:1", "delete base/a:1", "POST /v2/base/a/blobs/uploads/"} {
		if !strings.Contains(audit, want) {
			t.Errorf("the audit log has no %q:\n%s", want, audit)
		}
	}
	if out := r.cli("", "audit", "verify", "--dir", r.dir+"/data/audit"); strings.Contains(out, "broken") {
		t.Error(out)
	}
}

// TestAPIByRole has users call the registry's own API from elsewhere.
func TestAPIByRole(t *testing.T) {
	t.Parallel()
	r := start(t)
	admin, _ := r.token("root", secret, "repository:team/b:pull,push", "repository:base/a:pull,push")
	r.push("team/b", "1", admin, 1000)
	r.push("base/a", "1", admin, 1000)
	r.cli("viewer secret", "user", "create", "vic", "--grant", "team/*:pull")
	as := func(name, password string, args ...string) (string, error) {
		t.Helper()
		r.cli(password, "login", r.address, "--user", name, "--ca", r.ca())
		return r.try("another secret", append(args, "--registry", r.address)...)
	}
	if out, err := as("vic", "viewer secret", "image", "ls", "-q"); err != nil || out != "team/b:1\n" {
		t.Errorf("a viewer lists %q, %v", out, err)
	}
	for _, args := range [][]string{
		{"image", "inspect", "base/a:1"}, {"image", "rm", "team/b:1"}, {"image", "gc"}, {"user", "ls"}, {"user", "create", "eve", "--role", "admin"},
		{"user", "grant", "vic", "**:push"}, {"user", "passwd", "root"}, {"user", "rm", "root"},
	} {
		if out, err := as("vic", "viewer secret", args...); err == nil || !strings.Contains(out, "may not") && !strings.Contains(out, "no grant") {
			t.Errorf("a viewer: %v: %v: %s", args, err, out)
		}
	}
	if out, err := as("vic", "viewer secret", "user", "passwd", "vic"); err != nil {
		t.Errorf("a viewer's own password: %v: %s", err, out)
	}
	if _, code := r.token("vic", "viewer secret"); code != http.StatusUnauthorized {
		t.Errorf("the old password: %d", code)
	}
	if out, err := as("root", secret, "user", "ls", "--format", "{{.Name}} {{.Role}} {{.Grants}}"); err != nil || out != "root admin []\nvic viewer [team/*:pull]\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// TestReferrers is that the referrers of an image outlive the process, and go with what refers.
func TestReferrers(t *testing.T) {
	t.Parallel()
	r := start(t)
	token, _ := r.token("root", secret, "repository:base/a:pull,push,delete")
	image := r.push("base/a", "1", token, 1000)
	subject := digestOf(image["manifests/1"])
	empty := r.blob("base/a", token, []byte("{}"))
	empty.MediaType = "application/vnd.oci.empty.v1+json"
	text, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "application/example.sbom", "config": empty, "layers": []descriptor{empty},
		"subject": descriptor{"application/vnd.oci.image.manifest.v1+json", subject, len(image["manifests/1"])}, "annotations": map[string]string{"a": "b"},
	})
	at := "/v2/base/a/manifests/" + digestOf(text)
	resp, body := r.do(http.MethodPut, at, token, bytes.NewReader(text), "Content-Type", "application/vnd.oci.image.manifest.v1+json")
	if resp.StatusCode != http.StatusCreated || resp.Header.Get("OCI-Subject") != subject {
		t.Fatalf("%d %v %s", resp.StatusCode, resp.Header, body)
	}
	list := func(query string) int {
		var index struct{ Manifests []descriptor }
		resp, body := r.do(http.MethodGet, "/v2/base/a/referrers/"+subject+query, token, nil)
		if err := json.Unmarshal([]byte(body), &index); err != nil || resp.StatusCode != http.StatusOK {
			t.Errorf("%d, %v: %s", resp.StatusCode, err, body)
		}
		return len(index.Manifests)
	}
	r.kill(9)
	r.run()
	r.cli("", "image", "gc", "--untagged", "--grace", "0s") // it has no tag, and what it refers to has
	if list("") != 1 || list("?artifactType=application/example.sbom") != 1 || list("?artifactType=other") != 0 {
		t.Error("the referrer is not listed as it should be")
	}
	if resp, body := r.do(http.MethodDelete, at, token, nil); resp.StatusCode != http.StatusAccepted {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	if list("") != 0 {
		t.Error("it is listed after it has gone")
	}
}
