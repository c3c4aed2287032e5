// SPDX-License-Identifier: Apache-2.0

package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	distribution "github.com/distribution/distribution/v3/registry/auth"
	theirs "github.com/distribution/distribution/v3/registry/auth/token"
	"github.com/golang-jwt/jwt/v5"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/registry/token"
)

// theirs registers its access controller when it is imported.
var _ theirs.ClaimSet

func access(name string, actions ...string) []account.Scope {
	return []account.Scope{{Type: account.Repository, Name: name, Actions: actions}}
}

func open(t *testing.T, dir string, now func() time.Time) *token.Issuer {
	t.Helper()
	i, err := token.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestTokens(t *testing.T) {
	clock := time.Now()
	now := func() time.Time { return clock }
	dir := t.TempDir()
	i := open(t, dir, now)
	issued, err := i.Issue("ann", "linkspan", access("base/a", "pull"))
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, now) // after a restart it is still good
	claims, err := again.Read(issued.Text, "linkspan")
	if err != nil || claims.Subject != "ann" || !claims.May("repository", "base/a", "pull") || claims.May("repository", "base/a", "push") || claims.May("repository", "base/b", "pull") {
		t.Errorf("%+v, %v", claims, err)
	}
	refused := func(what, text, service string) {
		t.Helper()
		if c, err := again.Read(text, service); linkspan.CodeOf(err) != linkspan.Unauthenticated {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
	refused("for another service", issued.Text, "other")
	refused("cut", issued.Text[:len(issued.Text)-4], "linkspan")
	refused("nothing", "", "linkspan")
	refused("long", strings.Repeat("a", 1<<20), "linkspan")
	foreign, _ := open(t, t.TempDir(), now).Issue("ann", "linkspan", access("base/a", "push"))
	refused("of another issuer", foreign.Text, "linkspan")
	for name, raw := range map[string]*jwt.Token{
		"unsigned": jwt.NewWithClaims(jwt.SigningMethodNone, claims),
		"HMAC":     jwt.NewWithClaims(jwt.SigningMethodHS256, claims),
	} {
		key := any(jwt.UnsafeAllowNoneSignatureType)
		if name == "HMAC" {
			key, _ = os.ReadFile(i.KeySet()) // what is public must not be a secret
		}
		text, err := raw.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		refused(name, text, "linkspan")
	}
	clock = clock.Add(token.Lifetime + time.Second)
	refused("expired", issued.Text, "linkspan")
	clock = clock.Add(-time.Hour)
	refused("of the future", issued.Text, "linkspan")
}

func TestFilesAreTheOwners(t *testing.T) {
	dir := t.TempDir()
	i := open(t, dir, time.Now)
	for _, path := range []string{i.KeySet(), dir + "/token.key"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	if err := os.Chmod(dir+"/token.key", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := token.Open(dir, time.Now); linkspan.CodeOf(err) != linkspan.Permission {
		t.Error(err)
	}
}

// TestRegistriesOfOthers has the distribution project's own code read our tokens with our key set.
func TestRegistriesOfOthers(t *testing.T) {
	i := open(t, t.TempDir(), time.Now)
	ours, err := distribution.GetAccessController("token", map[string]any{
		"realm": "https://registry.example.org:5000/token", "issuer": token.Name, "service": "other", "jwks": i.KeySet(),
		"signingalgorithms": []any{"ES256"},
	})
	if err != nil {
		t.Fatal(err)
	}
	try := func(service, action string) error {
		issued, err := i.Issue("ann", service, access("base/a", "pull"))
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest(http.MethodGet, "/v2/base/a/manifests/1", nil)
		r.Header.Set("Authorization", "Bearer "+issued.Text)
		_, err = ours.Authorized(r, distribution.Access{Resource: distribution.Resource{Type: "repository", Name: "base/a"}, Action: action})
		return err
	}
	if err := try("other", "pull"); err != nil {
		t.Errorf("a good token: %v", err)
	}
	if try("other", "push") == nil || try("linkspan", "pull") == nil {
		t.Error("a token was good for too much")
	}
}

func TestHandler(t *testing.T) {
	i := open(t, t.TempDir(), time.Now)
	h := token.Handler{
		Issuer: i, Services: []string{"linkspan", "other"},
		Who: func(r *http.Request) (account.Party, error) {
			if name, _, ok := r.BasicAuth(); ok {
				return account.User{Name: name, Role: "viewer"}.Party(), nil
			}
			return account.Party{}, &linkspan.Error{Code: linkspan.Unauthenticated}
		},
		Refuse: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, linkspan.CodeOf(err).String(), 400)
		},
	}
	ask := func(query, user string) (int, string, []account.Scope) {
		r := httptest.NewRequest(http.MethodGet, "/token?"+query, nil)
		if user != "" {
			r.SetBasicAuth(user, "x")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var a struct {
			Token   string
			Access  string `json:"access_token"`
			Expires int    `json:"expires_in"`
		}
		if w.Code != http.StatusOK {
			return w.Code, strings.TrimSpace(w.Body.String()), nil
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil || a.Token != a.Access || a.Expires != 300 {
			t.Errorf("%s: %v", w.Body, err)
		}
		claims, err := i.Read(a.Token, "linkspan")
		if err != nil {
			return w.Code, err.Error(), nil
		}
		return w.Code, claims.Subject, claims.Access
	}
	if code, who, got := ask("service=linkspan&scope=repository:a:pull,push&scope=repository:b:push", "ann"); code != 200 || who != "ann" || len(got) != 1 || got[0].String() != "repository:a:pull" {
		t.Errorf("%d %s %v", code, who, got)
	}
	if code, who, got := ask("service=linkspan", "ann"); code != 200 || who != "ann" || len(got) != 0 {
		t.Errorf("without a scope: %d %s %v", code, who, got)
	}
	for query, want := range map[string]string{"service=linkspan&scope=x": "invalid", "service=third": "invalid", "": "invalid"} {
		if code, text, _ := ask(query, "ann"); code != 400 || text != want {
			t.Errorf("%s: %d %s", query, code, text)
		}
	}
	if code, text, _ := ask("service=linkspan&scope=repository:a:pull", ""); code != 400 || text != "unauthenticated" {
		t.Errorf("nobody: %d %s", code, text)
	}
}

func FuzzRead(f *testing.F) {
	i, err := token.Open(f.TempDir(), time.Now)
	if err != nil {
		f.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	foreign, err := jwt.NewWithClaims(jwt.SigningMethodES256, token.Claims{RegisteredClaims: jwt.RegisteredClaims{Issuer: token.Name}}).SignedString(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(foreign)
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := i.Read(text, "linkspan"); err == nil {
			t.Errorf("%q is good: %+v", text, c)
		}
	})
}
