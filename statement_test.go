// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func goodStatement() *Statement {
	issued := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	return &Statement{
		Type: StatementType, Fleet: "f1", Targets: []string{"sw1", "sw2"}, Epoch: 1, Serial: 1, Issued: issued, Expires: issued.Add(time.Hour),
		Images: map[string]string{"base/dns-dhcp:1.0": "sha256:" + strings.Repeat("a", 64), "base/routing@" + zeros: zeros}, Script: *goodScript(),
	}
}

func TestStatement(t *testing.T) {
	s := goodStatement()
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	pinned := s.Pinned()
	if got := pinned[0].Services[0].Image; got != "base/dns-dhcp@sha256:"+strings.Repeat("a", 64) {
		t.Error(got)
	}
	if s.Script.Composites[0].Services[0].Image != "base/dns-dhcp:1.0" {
		t.Error("the script was changed")
	}
	for name, c := range map[string]struct {
		change func(*Statement)
		want   string
	}{
		"type":         {func(s *Statement) { s.Type = "x" }, `type: type "x"`},
		"fleet":        {func(s *Statement) { s.Fleet = "" }, "fleet: "},
		"targets":      {func(s *Statement) { s.Targets = nil }, "targets: it is for no switch"},
		"serial":       {func(s *Statement) { s.Serial = 0 }, "serial: epoch 1 and serial 0"},
		"expired":      {func(s *Statement) { s.Expires = s.Issued }, "expires: "},
		"for ever":     {func(s *Statement) { s.Expires = s.Issued.Add(MaxScriptLife + 1) }, "expires: "},
		"no time":      {func(s *Statement) { s.Issued = time.Time{} }, "expires: "},
		"previous":     {func(s *Statement) { s.Previous = "sha256:1" }, "previous: "},
		"no digest":    {func(s *Statement) { delete(s.Images, "base/dns-dhcp:1.0") }, "images: image base/dns-dhcp:1.0 has no digest"},
		"a tag":        {func(s *Statement) { s.Images["base/dns-dhcp:1.0"] = "1.0" }, "images: image base/dns-dhcp:1.0 has no digest"},
		"another":      {func(s *Statement) { s.Images["base/routing@"+zeros] = "sha256:" + strings.Repeat("b", 64) }, "images: image base/routing@" + zeros + " is given another"},
		"not used":     {func(s *Statement) { s.Images["x"] = zeros }, `images: image "x" is not used`},
		"wrong script": {func(s *Statement) { s.Script.Name = "" }, "script.metadata.name: script name is empty"},
	} {
		s := goodStatement()
		c.change(s)
		if !slices.ContainsFunc(s.Problems(), func(p Problem) bool { return strings.HasPrefix(p.Path+": "+p.Message, c.want) }) {
			t.Errorf("%s: %q", name, s.Problems())
		}
	}
}

func TestImageReference(t *testing.T) {
	for text, want := range map[string]ImageReference{
		"base/routing":               {"base/routing", "latest", ""},
		"a.b/c_d/e--f:V1.0":          {"a.b/c_d/e--f", "V1.0", ""},
		"base/routing@" + zeros:      {"base/routing", "", zeros},
		"base/routing:1.0@" + zeros:  {"base/routing", "1.0", zeros},
		"localhost/base/routing:1_0": {"localhost/base/routing", "1_0", ""},
	} {
		if got, err := ParseImageReference(text); err != nil || got != want {
			t.Errorf("%s is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "/a", "a/", "a//b", "A", "a:", "a@", "a:b@", "a:b:c", "h:5000/a", "a@sha512:00", "a@SHA256:" + zeros[7:], "a b", "../a", strings.Repeat("a", 256), "a:" + strings.Repeat("b", 129)} {
		if got, err := ParseImageReference(text); CodeOf(err) != Invalid || HintOf(err) == "" {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
}

func FuzzParseImageReference(f *testing.F) {
	f.Add("base/routing:1.0@" + zeros)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseImageReference(text)
		if err == nil && (r.Repository == "" || r.Tag == "" && r.Digest == "" || r.Digest != "" && !IsDigest(r.Digest)) {
			t.Errorf("%q is %+v", text, r)
		}
	})
}
