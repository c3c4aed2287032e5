// SPDX-License-Identifier: Apache-2.0

package plug_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/plug"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, []byte(text), 0o600))
}

func socket(t *testing.T, path string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	l, err := net.Listen("unix", path)
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
}

// A socket goes before a file, and the administrator's folder before the
// system's.
func TestTheOrderOfPlaces(t *testing.T) {
	root := t.TempDir()
	f := plug.Folders{Sockets: root + "/run", Specs: []string{root + "/etc", root + "/lib"}}
	if _, err := f.Find("p"); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("nowhere: got %v", err)
	}
	find := func(want string) {
		t.Helper()
		if a, err := f.Find("p"); err != nil || a.Addr != want {
			t.Errorf("got %+v, %v, want %s", a, err, want)
		}
	}
	write(t, root+"/lib/p.json", `{"Name":"p","Addr":"tcp://lib:1"}`)
	find("lib:1")
	write(t, root+"/etc/p.json", `{"Name":"p","Addr":"tcp://json:1"}`)
	find("json:1")
	write(t, root+"/etc/p.spec", "tcp://spec:1\n")
	find("spec:1")
	socket(t, root+"/run/p/p.sock")
	find(root + "/run/p/p.sock")
	socket(t, root+"/run/p.sock")
	find(root + "/run/p.sock")
	for _, name := range []string{"", "..", "a/b"} {
		if _, err := f.Find(name); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%q: got %v", name, err)
		}
	}
	write(t, root+"/etc/bad.spec", "what is this")
	if _, err := f.Find("bad"); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("a bad file: got %v", err)
	}
}

func TestSpecs(t *testing.T) {
	for text, want := range map[string]plug.Address{
		"unix:///a/b.sock":     {Network: "unix", Addr: "/a/b.sock"},
		"tcp://10.0.0.1:80":    {Network: "tcp", Addr: "10.0.0.1:80"},
		"http://[fd00::1]:80":  {Network: "tcp", Addr: "[fd00::1]:80"},
		"tcp://10.0.0.1":       {},
		"unix://a/b.sock":      {},
		"ftp://10.0.0.1:80":    {},
		"":                     {},
		"tcp://10.0.0.1:80\n ": {Network: "tcp", Addr: "10.0.0.1:80"},
	} {
		got, err := plug.ParseSpec(text)
		if got != want || (err != nil) != (want == plug.Address{}) {
			t.Errorf("%q: got %+v, %v", text, got, err)
		}
	}
	a, err := plug.ParseJSON([]byte(`{"Name":"p","Addr":"tcp://h:1","TLSConfig":{"CAFile":"/ca"}}`))
	if err != nil || a.TLS == nil || a.TLS.CAFile != "/ca" {
		t.Errorf("got %+v, %v", a, err)
	}
	if _, err := plug.ParseJSON([]byte(`{"Addr":"unix:///a","TLSConfig":{}}`)); err == nil {
		t.Error("TLS on a socket of this host: no error")
	}
}

// What is read can be called, or is refused.
func FuzzParse(f *testing.F) {
	f.Add("unix:///a/b.sock")
	f.Add("tcp://10.0.0.1:80")
	f.Add(`{"Addr":"tcp://h:1","TLSConfig":{"CAFile":"/ca"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range []func() (plug.Address, error){
			func() (plug.Address, error) { return plug.ParseSpec(text) },
			func() (plug.Address, error) { return plug.ParseJSON([]byte(text)) },
		} {
			if got, err := a(); err == nil && (got.Addr == "" || got.Network != "unix" && got.Network != "tcp") {
				t.Errorf("%q: got %+v", text, got)
			}
		}
	})
}
