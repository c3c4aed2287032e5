// SPDX-License-Identifier: Apache-2.0

package access_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
)

func TestTyped(t *testing.T) {
	base, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	s, err := base.Mount(schema.Source{Name: "vpn", Place: "/services", Text: []byte(`
nodes:
  vpn:
    help: A tunnel
    nodes:
      peer:
        help: The other end
        keys: [{name: name, type: name, help: Its name, example: hub}]
        nodes:
          shared: {type: secret, help: What both ends know, example: abc}
          port: {type: integer, range: 1..65535, help: Its port, example: "51820"}
`)})
	if err != nil {
		t.Fatal(err)
	}
	const bcrypt = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	users := []string{"system", "users", "ann"}
	for _, c := range []struct {
		level      []string
		line, want string
	}{
		{nil, "show vlan", "show vlan"},
		{nil, "set ports eth1 mode access", "set ports eth1 mode access"},
		{nil, "set system users ann password-hash '" + bcrypt + "'", "set system users ann password-hash HIDDEN"},
		{nil, "se sy us ann pa '" + bcrypt + "'", "se sy us ann pa HIDDEN"},
		{users, "set password-hash '" + bcrypt + "'", "set password-hash HIDDEN"},
		{nil, "ste sytsem usrs ann psswd '" + bcrypt + "'", "ste sytsem usrs ann psswd HIDDEN"},
		{nil, "set system users ann password 'hunter 2'", "set system users ann password HIDDEN"},
		{nil, "set services vpn peer hub shared topsecret", "set services vpn peer hub shared HIDDEN"},
		{nil, "se ser v p hub s topsecret", "se ser v p hub s HIDDEN"},
		{nil, "delete services vpn peer hub port 1", "delete services vpn peer hub port 1"},
		{nil, "set services vpn pear hub shared topsecret", "set services vpn pear hub shared HIDDEN"},
		{nil, "show configuration services vpn peer hub", "show configuration services vpn peer hub"},
		{nil, "configure", "configure"},
		{nil, "", ""},
		{nil, `set system banner "a b`, `set system banner "a b" <not readable>`},
		{nil, `set system users ann password-hash "top`, `set system users ann password-hash HIDDEN <not readable>`},
		{nil, "ping 192.0.2.1 count 3", "ping 192.0.2.1 count 3"},
	} {
		if got, want := access.Typed(s, c.level, c.line), strings.ReplaceAll(c.want, "HIDDEN", tree.Quote(tree.Hidden)); got != want {
			t.Errorf("%q is %q, want %q", c.line, got, want)
		}
	}
}

func FuzzTyped(f *testing.F) {
	s, err := schema.Base()
	if err != nil {
		f.Fatal(err)
	}
	f.Add("set system users ann", "set x")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
		if text := access.Typed(s, nil, before+" '"+secret+"' "+after); strings.Contains(text, secret) {
			t.Error(text)
		}
	})
}
