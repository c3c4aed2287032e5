// SPDX-License-Identifier: Apache-2.0

package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func archive(t *testing.T, applets ...string) []byte {
	t.Helper()
	program := filepath.Join(t.TempDir(), "busybox")
	if err := os.WriteFile(program, []byte("program"), 0o755); err != nil {
		t.Fatal(err)
	}
	packed, err := Busybox(program, applets)
	if err != nil {
		t.Fatal(err)
	}
	return packed
}

// unpack returns the contents of an archive's files, and the targets of links.
func unpack(t *testing.T, packed []byte) map[string]string {
	t.Helper()
	found := map[string]string{}
	for r := tar.NewReader(bytes.NewReader(packed)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		found[h.Name] = string(body) + h.Linkname
	}
}

func TestSameBytes(t *testing.T) {
	if !bytes.Equal(archive(t, "ls", "cat", "ls", ""), archive(t, "cat", "ls")) {
		t.Error("the same busybox gives different images")
	}
}

func TestArchive(t *testing.T) {
	outer := unpack(t, archive(t, "sh", "ls"))
	var manifest []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	if err := json.Unmarshal([]byte(outer["manifest.json"]), &manifest); err != nil || len(manifest) != 1 {
		t.Fatalf("manifest %s: %v", outer["manifest.json"], err)
	}
	if diff := cmp.Diff([]string{"busybox:latest"}, manifest[0].RepoTags); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	layer := outer[manifest[0].Layers[0]]
	if config := outer[manifest[0].Config]; !strings.Contains(config, "sha256:"+digest([]byte(layer))) {
		t.Errorf("config %s does not name its layer", config)
	}
	files := unpack(t, []byte(layer))
	for name, want := range map[string]string{"bin/busybox": "program", "bin/sh": "busybox", "bin/ls": "busybox", "sbin": "bin"} {
		if files[name] != want {
			t.Errorf("%s is %q, want %q", name, files[name], want)
		}
	}
}

// engine answers on a unix socket as a Docker engine does.
func engine(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: answer}}
	server.Start()
	t.Cleanup(server.Close)
	return socket
}

func TestLoad(t *testing.T) {
	for name, c := range map[string]struct {
		status    int
		body, err string
	}{
		"loaded":        {200, `{"stream":"Loaded image: busybox:latest\n"}`, ""},
		"nothing said":  {200, ``, ""},
		"half way":      {200, `{"stream":"x"}{"errorDetail":{"message":"no space"},"error":"no space"}`, "no space"},
		"refused":       {500, `{"message":"broken"}`, "broken"},
		"not an engine": {200, `<html>`, "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			socket := engine(t, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != "archive" || r.URL.Path != "/images/load" {
					t.Errorf("%s got %q, %v", r.URL, body, err)
				}
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			err := Load(t.Context(), socket, []byte("archive"))
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

func TestLoadWithoutEngine(t *testing.T) {
	if err := Load(t.Context(), filepath.Join(t.TempDir(), "none"), nil); err == nil {
		t.Error("loaded into nothing")
	}
}
