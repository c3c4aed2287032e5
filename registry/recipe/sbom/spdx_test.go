// SPDX-License-Identifier: Apache-2.0

package sbom

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestWrite(t *testing.T) {
	d := Document{
		Name: "base/x", Version: "1.0.0", Digest: "sha256:abc", Created: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Packages: []Package{
			{Name: "libstdc++6", Version: "1:2.0+b1~x", Architecture: "amd64", Distribution: "debian", Supplier: "Debian <a@example.net>", Licences: []string{"GPL-2+", "ISC"}},
			{Name: "init", Version: "1.0.0", Licences: []string{"Apache-2.0"}, SHA256: "ff"}, {Name: "other", Version: "1", Licences: []string{"GPL-2+"}}, {Name: "none"},
		},
	}
	text, err := Write(d)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Write(d)
	if err != nil || string(again) != string(text) {
		t.Error("it is written in two ways")
	}
	var out document
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Packages) != 5 || len(out.Relationships) != 5 || len(out.Licences) != 1 {
		t.Errorf("there are %d packages, %d relationships, %d licences", len(out.Packages), len(out.Relationships), len(out.Licences))
	}
	for _, want := range []string{
		`"spdxVersion": "SPDX-2.3"`, `"licenseDeclared": "LicenseRef-GPL-2- AND ISC"`, `"licenseDeclared": "Apache-2.0"`, `"licenseDeclared": "NOASSERTION"`,
		`"SPDXRef-package-1-libstdc-6"`, `pkg:deb/debian/libstdc++6@1%3A2.0%2Bb1~x?arch=amd64`, `"Organization: Debian (a@example.net)"`, `"2026-11-01T00:00:00Z"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}
