// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
)

func TestIdentityText(t *testing.T) {
	for _, c := range []struct {
		id   Identity
		text string
	}{
		{Identity{}, ""},
		{aController, "linkspan://controller/c1"},
		{aChassis, "linkspan://chassis/h1?number=3&dpid=6c73000000000003&generation=7"},
		{aDatapath, "linkspan://datapath/tor1?dpid=0000000000000001"},
		{aUser, "linkspan://user/ada?role=admin"},
	} {
		if got := c.id.String(); got != c.text {
			t.Errorf("String() = %q; want %q", got, c.text)
		}
		var back Identity
		if err := back.UnmarshalText([]byte(c.text)); err != nil {
			t.Errorf("%q: %v", c.text, err)
		}
		if diff := cmp.Diff(c.id, back); diff != "" {
			t.Errorf("%q came back changed:\n%s", c.text, diff)
		}
	}
}

func TestIdentityRefused(t *testing.T) {
	for _, text := range []string{
		"",
		"linkspan://",
		"linkspan://controller",
		"linkspan://controller/",
		"linkspan://controller/a/b",
		"linkspan://controller/c1?",
		"linkspan://controller/c1?role=admin",
		"linkspan://controller/c1?dpid=0000000000000001",
		"linkspan://controller/-c1",
		"linkspan://controller/c%31",
		"linkspan://controller/" + strings.Repeat("a", 64),
		"linkspan://controller/" + strings.Repeat("a", 400),
		"LINKSPAN://controller/c1",
		"spiffe://controller/c1",
		"linkspan://robot/r1",
		"linkspan://user/ada",
		"linkspan://user/ada?role=root",
		"linkspan://user/ada?role=admin&role=admin",
		"linkspan://user/ada?role=admin#top",
		"linkspan://chassis/h1",
		"linkspan://chassis/h1?number=3",
		"linkspan://chassis/h1?number=0&dpid=6c73000000000003",
		"linkspan://chassis/h1?number=65536&dpid=6c73000000000003",
		"linkspan://chassis/h1?number=03&dpid=6c73000000000003",
		"linkspan://chassis/h1?dpid=6c73000000000003&number=3",
		"linkspan://chassis/h1?number=3&dpid=6C73000000000003",
		"linkspan://chassis/h1?number=3&dpid=3",
		"linkspan://chassis/h1?number=3&dpid=6c73000000000003&generation=0",
		"linkspan://chassis/h1?number=3&dpid=6c73000000000003&colour=red",
	} {
		_, err := ParseIdentity(text)
		if err == nil {
			t.Errorf("%q was taken", text)
		} else if linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%q: code %v", text, linkspan.CodeOf(err))
		}
	}
}

func TestIdentityInJSON(t *testing.T) {
	type record struct {
		By Identity `json:"by,omitzero"`
	}
	for _, want := range []record{{}, {aChassis}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got record
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s came back changed:\n%s", text, diff)
		}
	}
}

func FuzzParseIdentity(f *testing.F) {
	for _, id := range []Identity{aController, aChassis, aDatapath, aUser} {
		f.Add(id.String())
	}
	f.Add("linkspan://user/ada?role=admin&")
	f.Add("linkspan://chassis/h1?number=3&dpid=6c73000000000003&dpid=6c73000000000003")
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseIdentity(text)
		if err != nil {
			return
		}
		if id.String() != text || id.Validate() != nil {
			t.Fatalf("%q is read as %q", text, id)
		}
		uri, err := url.Parse(text)
		if err != nil || uri.String() != text || uri.Host != string(id.Kind) {
			t.Fatalf("%q is another URI in a certificate: %v, %v", text, uri, err)
		}
	})
}
