// SPDX-License-Identifier: Apache-2.0

package plug_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/plug"
	"github.com/linkspan/linkspan/wire/plugin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answers is a plugin that answers as it is told, by operation: "status body".
type answers map[string]string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, body := http.StatusOK, a[r.URL.Path]
	if rest, found := strings.CutPrefix(body, "500 "); found {
		status, body = http.StatusInternalServerError, rest
	}
	if body == "" {
		status = http.StatusNotFound
	}
	if r.Header.Get("Accept") != plugin.ContentType {
		status, body = http.StatusNotAcceptable, ""
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

const greeting = `{"Implements":["NetworkDriver"]}`

func serve(t *testing.T, a answers) *plug.Plugin {
	t.Helper()
	folder := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(folder, "p.sock"))
	must(t, err)
	s := &httptest.Server{Listener: l, Config: &http.Server{Handler: a, ReadHeaderTimeout: time.Minute}}
	s.Start()
	t.Cleanup(s.Close)
	p := plug.New(plug.Options{Name: "p", Folders: plug.Folders{Sockets: folder}})
	t.Cleanup(p.Close)
	return p
}

func TestAnswers(t *testing.T) {
	p := serve(t, answers{
		"/Plugin.Activate": greeting, "/NetworkDriver.Good": `{"Value":{"a":1}}`, "/NetworkDriver.Empty": " ",
		"/NetworkDriver.Err": `{"Err":"no"}`, "/NetworkDriver.Error": `{"Error":"no"}`, "/NetworkDriver.Five": `500 {"Err":"no"}`,
		"/NetworkDriver.Text": "500 no", "/NetworkDriver.Junk": "<html>",
	})
	var info plugin.EndpointInfo
	must(t, p.Call(t.Context(), plugin.NetworkDriver, "Good", nil, &info))
	if info.Value["a"] != 1.0 {
		t.Errorf("got %+v", info)
	}
	must(t, p.Call(t.Context(), plugin.NetworkDriver, "Empty", plugin.Empty{}, &info))
	for _, operation := range []string{"Err", "Error", "Five", "Text"} {
		err := p.Call(t.Context(), plugin.NetworkDriver, operation, plugin.Empty{}, nil)
		if !plug.IsRefused(err) || err.Error() != "plugin p: no" {
			t.Errorf("%s: got %v", operation, err)
		}
	}
	if err := p.Call(t.Context(), plugin.NetworkDriver, "Other", nil, nil); !plug.IsUnknown(err) {
		t.Errorf("an unknown operation: got %v", err)
	}
	if err := p.Call(t.Context(), plugin.NetworkDriver, "Junk", nil, &info); err == nil || plug.IsRefused(err) {
		t.Errorf("no JSON: got %v", err)
	}
	if err := p.Call(t.Context(), plugin.IpamDriver, "RequestPool", nil, nil); linkspan.CodeOf(err) != linkspan.Invalid {
		t.Errorf("an interface that it does not implement: got %v", err)
	}
}

func TestAPluginThatIsNotThere(t *testing.T) {
	p := plug.New(plug.Options{Name: "p", Folders: plug.Folders{Sockets: t.TempDir()}, Patience: time.Millisecond})
	if err := p.Call(t.Context(), plugin.NetworkDriver, "Join", nil, nil); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v", err)
	}
}

// A plugin that comes up late is waited for.
func TestALatePlugin(t *testing.T) {
	folder := t.TempDir()
	p := plug.New(plug.Options{Name: "p", Folders: plug.Folders{Sockets: folder}})
	defer p.Close()
	done := make(chan error)
	go func() { done <- p.Call(t.Context(), plugin.NetworkDriver, "Join", nil, nil) }()
	l, err := net.Listen("unix", filepath.Join(folder, "p.sock"))
	must(t, err)
	s := &httptest.Server{Listener: l, Config: &http.Server{
		Handler: answers{"/Plugin.Activate": greeting, "/NetworkDriver.Join": "{}"}, ReadHeaderTimeout: time.Minute,
	}}
	s.Start()
	defer s.Close()
	must(t, <-done)
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(answers{"/Plugin.Activate": greeting, "/NetworkDriver.Join": "{}"})
	defer s.Close()
	folder := t.TempDir()
	ca := filepath.Join(folder, "ca.pem")
	write(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	address := s.Listener.Addr().String()
	write(t, filepath.Join(folder, "good.json"), `{"Addr":"tcp://`+address+`","TLSConfig":{"CAFile":"`+ca+`"}}`)
	write(t, filepath.Join(folder, "strange.spec"), "https://"+address)
	for name, works := range map[string]bool{"good": true, "strange": false} {
		p := plug.New(plug.Options{Name: name, Folders: plug.Folders{Sockets: folder, Specs: []string{folder}}})
		if err := p.Call(t.Context(), plugin.NetworkDriver, "Join", nil, nil); (err == nil) != works {
			t.Errorf("%s: got %v", name, err)
		}
		p.Close()
	}
}
