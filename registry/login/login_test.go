// SPDX-License-Identifier: Apache-2.0

package login

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestCredentials(t *testing.T) {
	p := Place{Config: filepath.Join(t.TempDir(), "docker/config.json")}
	if _, err := p.Credential("r:5000"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Error(err)
	}
	if err := os.MkdirAll(filepath.Dir(p.Config), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Config, []byte(`{"auths": {"other": {"auth": "eDp5"}}, "detachKeys": "ctrl-q"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.Keep("r:5000", Credential{"ann", "a:b"}); err != nil {
		t.Fatal(err)
	}
	if c, err := p.Credential("r:5000"); err != nil || c.Name != "ann" || c.Secret != "a:b" {
		t.Errorf("%v, %v", c, err)
	}
	if c, err := p.Credential("other"); err != nil || c.Name != "x" {
		t.Errorf("that of another registry: %v, %v", c, err)
	}
	text, err := os.ReadFile(p.Config)
	if err != nil || !strings.Contains(string(text), "ctrl-q") {
		t.Errorf("%s, %v", text, err)
	}
	if info, err := os.Stat(p.Config); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := p.Forget("r:5000"); err != nil {
		t.Error(err)
	}
	if err := p.Forget("r:5000"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Error(err)
	}
	if err := os.WriteFile(p.Config, []byte(`{"credsStore": "desktop"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.Keep("r:5000", Credential{"ann", "b"}); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("with a helper: %v", err)
	}
}

func TestCheckHost(t *testing.T) {
	for host, want := range map[string]bool{
		"r": true, "registry.example.org:5000": true, "10.0.0.1:5000": true, "[2001:db8::1]:5000": true,
		"": false, "../x": false, "a/b": false, "a..b": false, "-a": false, "a:b": false, "https://a": false, "a b": false,
	} {
		if err := CheckHost(host); (err == nil) != want {
			t.Errorf("%q: %v", host, err)
		}
	}
}

// TestProveSendsNoPasswordElsewhere has a registry name another host's token service.
func TestProveSendsNoPasswordElsewhere(t *testing.T) {
	asked := false
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer other.Close()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="`+other.URL+`/token",service="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	err := Prove(t.Context(), s.Client(), strings.TrimPrefix(s.URL, "https://"), Credential{"ann", "secret"})
	if linkspan.CodeOf(err) != linkspan.Permission || asked {
		t.Errorf("%v, asked %v", err, asked)
	}
}

func FuzzReadChallenge(f *testing.F) {
	f.Add(`Bearer realm="https://r:5000/token",service="linkspan",scope="a:b:c"`)
	f.Add(`Basic realm="x"`)
	f.Fuzz(func(t *testing.T, text string) {
		if realm, _, ok := readChallenge(text); ok && realm == "" {
			t.Errorf("%q has no realm", text)
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(`{"auths": {"r": {"auth": "eDp5"}}}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, text string) {
		p := Place{Config: filepath.Join(t.TempDir(), "config.json")}
		if err := os.WriteFile(p.Config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := p.Keep("r", Credential{"a", "b"}); err != nil {
			return
		}
		written, err := os.ReadFile(p.Config)
		if err != nil || !json.Valid(written) {
			t.Errorf("%q became %q: %v", text, written, err)
		}
	})
}
