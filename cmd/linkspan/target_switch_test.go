// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust"
)

func TestAddressesOfSwitches(t *testing.T) {
	for text, want := range map[string]string{
		"ann@edge1": "ann edge1:8443", "ann@edge1:443": "ann edge1:443", "ann@192.0.2.1": "ann 192.0.2.1:8443", "ann@2001:db8::1": "ann [2001:db8::1]:8443",
		"ann@[2001:db8::1]:443": "ann [2001:db8::1]:443", "ann@": "", "ann@:8443": "", "https://edge1/": "", "a@b@edge1": "", "ann@edge1:": "",
	} {
		name, at, err := (&farSwitch{name: text}).address()
		if got := strings.TrimSpace(name + " " + at); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if name, at, err := (&farSwitch{name: "edge1", cert: "ann.pem"}).address(); name != "" || at != "edge1:8443" || err != nil {
		t.Errorf("with a certificate: %q, %q, %v", name, at, err)
	}
	if name, _, err := (&farSwitch{name: "edge1"}).address(); name == "" || err != nil {
		t.Errorf("who runs the command: %q, %v", name, err)
	}
}

func TestKnownSwitches(t *testing.T) {
	file := filepath.Join(t.TempDir(), "linkspan", "switches")
	if _, there, err := readKnown(file, "edge1:8443"); there || err != nil {
		t.Errorf("without a file: %v, %v", there, err)
	}
	for i, at := range []string{"edge1:8443", "edge10:8443"} {
		if err := writeKnown(file, at, trust.Digest{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	for i, at := range []string{"edge1:8443", "edge10:8443"} {
		if d, there, err := readKnown(file, at); !there || d != (trust.Digest{byte(i)}) || err != nil {
			t.Errorf("%s: %v, %v, %v", at, d, there, err)
		}
	}
	if _, there, err := readKnown(file, "edge:8443"); there || err != nil {
		t.Errorf("the beginning of a name: %v, %v", there, err)
	}
	if err := os.WriteFile(file, []byte("edge1:8443 nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := readKnown(file, "edge1:8443"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("nonsense: %v", err)
	}
}

// What is missing is said before anybody is asked.
func TestWhatIsMissingForASwitch(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv(passwordVariable, "")
	key := "sha256:" + strings.Repeat("0", 64)
	open := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(open, []byte("x"), 0o644); err != nil { //nolint:gosec // that is wrong with it
		t.Fatal(err)
	}
	for want, f := range map[string]farSwitch{
		"--switch-key":               {name: "ann@127.0.0.1:1", key: "sha256:1"},
		"does not answer":            {name: "ann@127.0.0.1:1"},
		"the password of ann is not": {name: "ann@127.0.0.1:1", key: key},
		"others may open it":         {name: "ann@127.0.0.1:1", key: key, file: open},
		"a certificate and its key":  {name: "127.0.0.1:1", key: key, cert: "testdata"},
	} {
		if f.cert != "" {
			f.cert = filepath.Join(t.TempDir(), "cert.pem")
			if err := os.WriteFile(f.cert, []byte("nothing"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		a := &app{streams: streams{in: new(bytes.Buffer), out: new(bytes.Buffer), err: new(bytes.Buffer)}}
		if _, _, err := a.farTransport(t.Context(), &f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is expected: %v (%s)", want, err, linkspan.HintOf(err))
		}
	}
}
