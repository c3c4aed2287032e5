// SPDX-License-Identifier: Apache-2.0

package account_test

import (
	"crypto/rand"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/store/kv/memory"
	"github.com/linkspan/linkspan/trust"
)

func TestParseScopes(t *testing.T) {
	for text, want := range map[string][]account.Scope{
		"":                              nil,
		"repository:base/routing:pull":  {{Type: "repository", Name: "base/routing", Actions: []string{"pull"}}},
		"repository:a:pull,push,pull":   {{Type: "repository", Name: "a", Actions: []string{"pull", "push"}}},
		"repository(plugin):a:pull":     {{Type: "repository", Name: "a", Actions: []string{"pull"}}},
		"repository:host:5000/a:delete": {{Type: "repository", Name: "host:5000/a", Actions: []string{"delete"}}},
		"registry:catalog:*":            {{Type: "registry", Name: "catalog", Actions: []string{"*"}}},
		"repository:a: repository:b:x":  {{Type: "repository", Name: "a"}, {Type: "repository", Name: "b", Actions: []string{"x"}}},
	} {
		got, err := account.ParseScopes([]string{text})
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"a", "a:b", ":a:b", "a::b", ":::", "::", strings.Repeat("a:b:c ", account.MaxScopes+1), "repository:" + strings.Repeat("a", 2000) + ":pull"} {
		if got, err := account.ParseScopes([]string{bad}); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%.40q: %v, %v", bad, got, err)
		}
	}
}

func TestGrantCovers(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"**", "a/b/c", true}, {"*", "a", true}, {"*", "a/b", false}, {"a", "a", true}, {"a", "b", false}, {"a", "ab", false},
		{"team/*", "team/x", true}, {"team/*", "team/", true}, {"team/*", "team/x/y", false}, {"team/**", "team/x/y", true}, {"team/**", "team", false},
		{"*/x", "a/x", true}, {"*/x", "a/b/x", false}, {"**/x", "a/b/x", true}, {"a*c", "abc", true}, {"a*c", "ac", true}, {"a*c", "a/c", false},
		{"a**c", "a/b/c", true}, {"***", "a/b", true}, {"base/*-lab", "base/dns-lab", true}, {"base/*-lab", "base/dns-labs", false},
	} {
		g := account.Grant{Repository: c.pattern, Actions: []string{"pull"}}
		if got := g.Covers(c.name); got != c.want {
			t.Errorf("%s covers %s: %v", c.pattern, c.name, got)
		}
	}
}

func TestParseGrantRefuses(t *testing.T) {
	for _, bad := range []string{"", "a", ":pull", "a:", "a:write", "A:pull", "a b:pull", "a:pull,", "a:*", strings.Repeat("a", 300) + ":pull"} {
		if g, err := account.ParseGrant(bad); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%q: %v, %v", bad, g, err)
		}
	}
}

func TestRights(t *testing.T) {
	scopes := func(text string) []account.Scope {
		s, err := account.ParseScopes([]string{text})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	user := func(role trust.Role, grants ...string) account.Rights {
		u := account.User{Name: "u", Role: role}
		for _, text := range grants {
			g, err := account.ParseGrant(text)
			if err != nil {
				t.Fatal(err)
			}
			u.Grants = append(u.Grants, g)
		}
		return u.Rights()
	}
	all := "repository:base/a:pull,push,delete repository:team/b:pull,push,delete registry:catalog:*"
	for name, c := range map[string]struct {
		rights      account.Rights
		asked, want string
	}{
		"nobody":                 {account.Rights{}, all, ""},
		"viewer":                 {user(trust.RoleViewer), all, "repository:base/a:pull repository:team/b:pull registry:catalog:*"},
		"viewer of one":          {user(trust.RoleViewer, "team/*:pull"), all, "repository:team/b:pull"},
		"viewer who would push":  {user(trust.RoleViewer, "team/*:pull,push"), all, "repository:team/b:pull"},
		"operator":               {user(trust.RoleOperator), all, "repository:base/a:delete,pull,push repository:team/b:delete,pull,push registry:catalog:*"},
		"operator of some":       {user(trust.RoleOperator, "base/*:pull", "team/*:pull,push"), all, "repository:base/a:pull repository:team/b:pull,push"},
		"operator, two patterns": {user(trust.RoleOperator, "**:pull", "team/*:push"), all, "repository:base/a:pull repository:team/b:pull,push registry:catalog:*"},
		"admin with grants":      {user(trust.RoleAdmin, "team/*:pull"), all, "repository:base/a:delete,pull,push repository:team/b:delete,pull,push registry:catalog:*"},
		"asking for all":         {user(trust.RoleViewer), "repository:a:*", "repository:a:pull"},
		"another type":           {user(trust.RoleAdmin), "plugin:a:pull registry:users:*", ""},
		"switch":                 {account.RightsOf(trust.Identity{Kind: trust.KindChassis, Name: "h1", Number: 1, DPID: 1}), all, "repository:base/a:pull repository:team/b:pull registry:catalog:*"},
		"controller":             {account.RightsOf(trust.Identity{Kind: trust.KindController, Name: "c"}), "repository:a:push", "repository:a:push"},
		"datapath":               {account.RightsOf(trust.Identity{Kind: trust.KindDatapath, Name: "d", DPID: 1}), all, ""},
	} {
		var got []string
		for _, s := range c.rights.Grant(scopes(c.asked)) {
			got = append(got, s.String())
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", name, text, c.want)
		}
	}
}

// TestBook is a user's life.
func TestBook(t *testing.T) {
	clock := time.Now()
	b := account.NewBook(memory.New(), rand.Reader, func() time.Time { return clock })
	ctx := t.Context()
	code := func(what string, err error, want linkspan.Code) {
		t.Helper()
		if err == nil || linkspan.CodeOf(err) != want {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	fine(b.Create(ctx, account.User{Name: "root", Role: trust.RoleAdmin}, "correct horse"))
	fine(b.Create(ctx, account.User{Name: "ann", Role: trust.RoleOperator}, "battery staple"))
	code("twice", b.Create(ctx, account.User{Name: "ann", Role: trust.RoleViewer}, "battery staple"), linkspan.Exists)
	code("short", b.Create(ctx, account.User{Name: "bob", Role: trust.RoleViewer}, "short"), linkspan.Invalid)
	code("role", b.Create(ctx, account.User{Name: "bob", Role: "owner"}, "battery staple"), linkspan.Invalid)
	code("name", b.Create(ctx, account.User{Name: "b/b", Role: trust.RoleViewer}, "battery staple"), linkspan.Invalid)

	u, err := b.Login(ctx, "ann", "battery staple")
	if err != nil || u.Name != "ann" {
		t.Errorf("%+v, %v", u, err)
	}
	_, err = b.Login(ctx, "ann", "battery stapler")
	code("wrong password", err, linkspan.Unauthenticated)
	_, err = b.Login(ctx, "nobody", "battery staple")
	code("no such user", err, linkspan.Unauthenticated)
	_, err = b.Login(ctx, "../ann", "battery staple")
	code("no name", err, linkspan.Unauthenticated)

	g, _ := account.ParseGrant("team/*:pull,push")
	fine(b.Grant(ctx, "ann", g))
	less, _ := account.ParseGrant("team/*:push")
	fine(b.Revoke(ctx, "ann", less))
	if u, _ := b.Get(ctx, "ann"); len(u.Grants) != 1 || u.Grants[0].String() != "team/*:pull" {
		t.Errorf("%+v", u.Grants)
	}
	code("not granted", b.Revoke(ctx, "ann", less), linkspan.NotFound)
	rest, _ := account.ParseGrant("team/*:pull")
	code("the last grant", b.Revoke(ctx, "ann", rest), linkspan.InUse)

	fine(b.SetPassword(ctx, "ann", "another staple"))
	_, err = b.Login(ctx, "ann", "battery staple") // though it was right a moment ago
	code("old password", err, linkspan.Unauthenticated)
	_, err = b.Login(ctx, "ann", "another staple")
	fine(err)
	clock = clock.Add(time.Hour)
	_, err = b.Login(ctx, "ann", "another staple")
	fine(err)

	code("last administrator", b.Remove(ctx, "root"), linkspan.InUse)
	fine(b.Remove(ctx, "ann"))
	_, err = b.Login(ctx, "ann", "another staple")
	code("removed", err, linkspan.Unauthenticated)
	code("removed twice", b.Remove(ctx, "ann"), linkspan.NotFound)
	if users, err := b.List(ctx); err != nil || len(users) != 1 {
		t.Errorf("%v, %v", users, err)
	}
}

func FuzzParseScopes(f *testing.F) {
	for _, seed := range []string{"repository:a/b:pull,push", "registry:catalog:*", "repository(plugin):h:1/x:pull repository:b:", "::", "a:b:c:d"} {
		f.Add(seed)
	}
	rights := account.User{Name: "u", Role: trust.RoleOperator, Grants: []account.Grant{{Repository: "team/*", Actions: []string{"pull"}}}}.Rights()
	f.Fuzz(func(t *testing.T, text string) {
		scopes, err := account.ParseScopes([]string{text})
		if err != nil {
			if linkspan.CodeOf(err) != linkspan.Invalid {
				t.Error(err)
			}
			return
		}
		for _, s := range rights.Grant(scopes) {
			if s.Type != "repository" || !strings.HasPrefix(s.Name, "team/") || strings.Contains(s.Name[len("team/"):], "/") || !reflect.DeepEqual(s.Actions, []string{"pull"}) {
				t.Errorf("%q granted %+v", text, s)
			}
		}
	})
}

func FuzzGrant(f *testing.F) {
	f.Add("team/*:pull,push", "team/x")
	f.Add("**a**b**:pull", "aaaaaaaaab")
	f.Fuzz(func(t *testing.T, text, name string) {
		g, err := account.ParseGrant(text)
		if err != nil {
			return
		}
		if again, err := account.ParseGrant(g.String()); err != nil || again.String() != g.String() {
			t.Errorf("%q is %q again: %v", text, again, err)
		}
		if g.Covers(name) && !strings.Contains(g.Repository, "*") && g.Repository != name {
			t.Errorf("%q covers %q", g.Repository, name)
		}
	})
}
