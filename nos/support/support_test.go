// SPDX-License-Identifier: Apache-2.0

package support_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/support"
	"github.com/linkspan/linkspan/nos/tree"
)

// unpacked returns the files of an archive by their names.
func unpacked(t *testing.T, archive io.Reader) map[string]string {
	t.Helper()
	zip, err := gzip.NewReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for r := tar.NewReader(zip); ; {
		head, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		files[head.Name] = string(text)
	}
}

func says(text string) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return []byte(text), nil }
}

func archive(t *testing.T, o support.Options) map[string]string {
	t.Helper()
	var b bytes.Buffer
	if err := support.Write(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return unpacked(t, &b)
}

// TestPlantedSecrets plants secrets in all ways that programs have of writing them: none is in
// the archive, and all around them is.
func TestPlantedSecrets(t *testing.T) {
	const known = `pa"ss/w\rd ü&1`
	quoted, err := json.Marshal(known)
	if err != nil {
		t.Fatal(err)
	}
	plain := []string{
		known, string(quoted), tree.Quote(known), url.QueryEscape(known), base64.StdEncoding.EncodeToString([]byte(known)),
		base64.RawURLEncoding.EncodeToString([]byte(known)),
	}
	planted := map[string][]string{ // what is planted, then what must not be there
		"known": append([]string{strings.Join(plain, " beside ")}, plain...),
		"hashes": {"bcrypt $2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe argon $argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc shadow root:$6$saltsalt$abcdefghijklmnopqrstuvwxyz:19000:",
			"abcdefghijklmnopqrstuu", "CTFhFdXPJO1", "abcdefghijklmnop"},
		"keys": {"-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBbbb\nbbb=\n-----END EC PRIVATE KEY-----\nafter\n-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXkt\nis cut off",
			"MHcCAQEEIBbbb", "b3BlbnNzaC1rZXkt", "is cut off"},
		"pairs": {"psk=hunter2,x=1 password: \"hunter 3\" options:{psk=\"hunter4\", remote_ip=\"192.0.2.1\"} {\"api_key\":\"hunter5\",\"a\":1} PASSWORD='hunter6' LINKSPAN_JOIN=hunter7 my.secret = hunter8",
			"hunter2", "hunter 3", "hunter4", "hunter5", "hunter6", "hunter7", "hunter8"},
		"arguments": {"prog --password hunter2 --token=hunter3 -x 1", "hunter2", "hunter3"},
		"headers":   {"Authorization: Basic aHVudGVyMg==\nCookie: session=hunter2\nwith Bearer eyJhbGciOiJIUzI1NiJ9.x.y ok", "aHVudGVyMg", "hunter2", "eyJhbGci"},
		"urls":      {"http://ann:hunter2@proxy.example.net:3128/ and https://example.net/", "hunter2"},
		"tokens":    {"token lsjoin1.AAECAwQFBgcICQoLDA0ODw and after", "AAECAwQF"},
	}
	o := support.Options{Secrets: []string{known, "ab"}, Folder: "edge1"}
	for name, texts := range planted {
		o.Sources = append(o.Sources, support.Source{Name: name, Read: says("before " + texts[0] + " behind\n")})
	}
	files := archive(t, o)
	for name, texts := range planted {
		text := files["edge1/"+name]
		for _, secret := range texts[1:] {
			if strings.Contains(text, secret) {
				t.Errorf("%s has %q:\n%s", name, secret, text)
			}
		}
		if !strings.HasPrefix(text, "before ") || !strings.Contains(text, support.Hidden) || name != "keys" && !strings.HasSuffix(text, " behind\n") {
			t.Errorf("%s is\n%s", name, text)
		}
	}
	for _, stays := range []string{"192.0.2.1", `"a":1`} {
		if !strings.Contains(files["edge1/pairs"], stays) {
			t.Errorf("%s has gone:\n%s", stays, files["edge1/pairs"])
		}
	}
	if !strings.Contains(files["edge1/keys"], "after") || !strings.Contains(files["edge1/urls"], "proxy.example.net:3128") || !strings.Contains(files["edge1/hashes"], ":19000:") {
		t.Errorf("too much has gone:\n%s\n%s\n%s", files["edge1/keys"], files["edge1/urls"], files["edge1/hashes"])
	}
}

func TestSecretsOfAConfiguration(t *testing.T) {
	const hash = "$2b$12$abcdefghijklmnopqrstuuBVf7sLzPmZ2yk1zwEOmMp4hDDN7xYSe"
	s, err := schema.Base()
	if err != nil {
		t.Fatal(err)
	}
	c, err := tree.New(s).Load(tree.Commands, []byte("set system hostname edge1\nset system users ann role admin\nset system users ann password-hash '"+hash+"'"))
	if err != nil {
		t.Fatal(err)
	}
	if got := support.Secrets(c); len(got) != 1 || got[0] != hash {
		t.Errorf("%q", got)
	}
}

// TestBadSources has some that fail, are late, have nothing or too much: the others are there.
func TestBadSources(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		caught := make(chan struct{})
		defer close(caught)
		files := archive(t, support.Options{Now: time.Now(), Sources: []support.Source{
			{Name: "fails.txt", Read: func(context.Context) ([]byte, error) { return []byte("half"), errors.New("password=hunter2 is wrong") }},
			{Name: "late.txt", Read: func(ctx context.Context) ([]byte, error) { <-ctx.Done(); return nil, ctx.Err() }},
			{Name: "caught.txt", Read: func(context.Context) ([]byte, error) { <-caught; return nil, nil }},
			{Name: "empty.txt", Read: says("")},
			{Name: "large.txt", Read: says("begin" + strings.Repeat("x", support.MaxFile) + "end")},
			{Name: "good.txt", Read: says("good")},
		}})
		if files["support/fails.txt"] != "half" || files["support/good.txt"] != "good" {
			t.Errorf("%q, %q", files["support/fails.txt"], files["support/good.txt"])
		}
		large := files["support/large.txt"]
		if len(large) > support.MaxFile+100 || !strings.HasPrefix(large, "begin") || !strings.HasSuffix(large, "end") || !strings.Contains(large, "bytes are left out") {
			t.Errorf("%d bytes", len(large))
		}
		for _, name := range []string{"late.txt", "caught.txt", "empty.txt"} {
			if text, ok := files["support/"+name]; ok {
				t.Errorf("%s: %q", name, text)
			}
		}
		noted := files["support/errors.txt"]
		for _, want := range []string{"fails.txt: password=<hidden> is wrong", "late.txt: ", "caught.txt: it took longer than 20s"} {
			if !strings.Contains(noted, want) {
				t.Errorf("%q is not noted:\n%s", want, noted)
			}
		}
	})
}

// TestHost collects on the machine that the test runs on, whatever it has.
func TestHost(t *testing.T) {
	dir := t.TempDir()
	files := archive(t, support.Options{Sources: support.Host(support.HostOptions{OVSRunDir: dir, State: []string{dir}})})
	for name, want := range map[string]string{
		"system/uname.txt": "Linux", "process/goroutines.txt": "TestHost", "process/memory.txt": "heap in use", "network/snmp.txt": "Tcp:",
	} {
		if !strings.Contains(files["support/"+name], want) {
			t.Errorf("%s: %q", name, files["support/"+name])
		}
	}
	if !strings.Contains(files["support/errors.txt"], "openvswitch/show.txt") {
		t.Errorf("that there is no Open vSwitch is not noted:\n%s", files["support/errors.txt"])
	}
}

func TestCommand(t *testing.T) {
	if text, err := support.Command("", "sh", "-c", "echo out; echo err >&2; exit 3").Read(t.Context()); err == nil || string(text) != "out\nerr\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := support.Command("", "there-is-no-such-program").Read(t.Context()); err == nil {
		t.Error("a program that is not there")
	}
}

func TestService(t *testing.T) {
	var refusal error
	long := strings.Repeat("0123456789abcdef\n", 100000)
	_, h := apiv1connect.NewSupportServiceHandler(support.NewService(func(context.Context) error { return refusal }, func() support.Options {
		return support.Options{Sources: []support.Source{{Name: "long.txt", Read: says(long)}, {Name: "x.txt", Read: says("password=hunter2")}}}
	}))
	server := httptest.NewServer(h)
	defer server.Close()
	client := apiv1connect.NewSupportServiceClient(server.Client(), server.URL)
	collect := func() (*bytes.Buffer, error) {
		stream, err := client.Collect(t.Context(), connect.NewRequest(&apiv1.SupportServiceCollectRequest{}))
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		var b bytes.Buffer
		for stream.Receive() {
			b.Write(stream.Msg().GetPart())
		}
		return &b, stream.Err()
	}
	b, err := collect()
	if err != nil {
		t.Fatal(err)
	}
	if files := unpacked(t, b); files["support/long.txt"] != long || strings.Contains(files["support/x.txt"], "hunter2") {
		t.Errorf("%d bytes, %q", len(files["support/long.txt"]), files["support/x.txt"])
	}
	refusal = &linkspan.Error{Code: linkspan.Permission, Message: "no"}
	if _, err := collect(); connect.CodeOf(err) != connect.CodePermissionDenied {
		t.Errorf("whoever may not: %v", err)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("password=", " x")
	f.Add("-----BEGIN PRIVATE KEY-----", "")
	f.Fuzz(func(t *testing.T, before, after string) {
		const secret = "hunter2hunter2"
		if text := support.NewScrubber([]string{secret}).Scrub([]byte(before + secret + after)); bytes.Contains(text, []byte(secret)) {
			t.Errorf("%q", text)
		}
	})
}
