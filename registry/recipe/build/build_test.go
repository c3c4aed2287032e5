// SPDX-License-Identifier: Apache-2.0

package build_test

import (
	"encoding/json"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/build"
)

const small = `apiVersion: linkspan/v1
kind: Recipe
name: test/small
version: 1.2.3
summary: A small one
date: "2026-11-01"
users: [{name: app, id: 100, groups: [extra]}]
groups: [{name: extra, id: 101}]
directories: [{path: /data, owner: app, mode: "0700"}]
files:
  - {path: /etc/a, text: "hello\n", owner: app}
  - {path: /etc/b, from: b, mode: "0600"}
links: [{path: /etc/c, to: a}]
environment: {B: "2", A: "1"}
entrypoint: [/bin/app]
changelog: [{version: 1.2.3, text: the first}]
manifest:
  volumes: [/data]
  services: [{name: small, calls: [{name: state, adapter: {command: [/bin/app, state]}}]}]
  health: {command: [/bin/app, check]}
`

// folder writes a recipe with files beside it.
func folder(t *testing.T, text string, beside map[string]string) recipe.Source {
	t.Helper()
	dir := t.TempDir()
	for file, text := range beside {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, recipe.FileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := recipe.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func smallImage(t *testing.T, b *build.Builder) *build.Image {
	t.Helper()
	i, err := b.Build(t.Context(), folder(t, small, map[string]string{"b": "text"}))
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func TestSameRecipeSameDigest(t *testing.T) {
	first := smallImage(t, &build.Builder{Cache: t.TempDir()})
	cache := t.TempDir()
	for range 2 { // made, then cached
		if again := smallImage(t, &build.Builder{Cache: cache}); again.Digest != first.Digest {
			t.Errorf("digests are %s and %s", first.Digest, again.Digest)
		}
	}
	other := time.Unix(1e9, 0)
	if at := smallImage(t, &build.Builder{Cache: cache, Epoch: &other}); at.Digest == first.Digest {
		t.Error("the time of files makes no difference")
	}
	m, err := first.Manifest()
	if err != nil || m.Name != "test/small" || m.Version != "1.2.3" || m.Call("small/state") == nil {
		t.Errorf("the manifest is %+v, %v", m, err)
	}
}

// A layout holds the image and its SBOM, and writing an image again puts it in the old one's place.
func TestLayout(t *testing.T) {
	b := &build.Builder{Cache: t.TempDir()}
	i := smallImage(t, b)
	dir := filepath.Join(t.TempDir(), "layout")
	for range 2 {
		if err := i.WriteLayout(dir); err != nil {
			t.Fatal(err)
		}
	}
	p, err := layout.FromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	index, err := p.ImageIndex()
	if err != nil {
		t.Fatal(err)
	}
	all, err := index.IndexManifest()
	if err != nil || len(all.Manifests) != 2 {
		t.Fatalf("the index is %+v, %v", all, err)
	}
	img, err := p.Image(all.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(img); err != nil {
		t.Error(err)
	}
	c, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Config.Env, " "); got != "A=1 B=2 PATH=/usr/sbin:/usr/bin:/sbin:/bin" {
		t.Errorf("the environment is %s", got)
	}
	if c.Config.Labels[linkspan.ChangelogLabel] != "1.2.3: the first\n" || c.Config.Healthcheck == nil {
		t.Errorf("the configuration is %+v", c.Config)
	}
	artifact, err := p.Image(all.Manifests[1].Digest)
	if err != nil {
		t.Fatal(err)
	}
	m, err := artifact.Manifest()
	if err != nil || m.Subject == nil || m.Subject.Digest != all.Manifests[0].Digest || m.ArtifactType != "application/spdx+json" {
		t.Errorf("the SBOM's manifest is %+v, %v", m, err)
	}
	// An image of a layout is a base.
	text := "apiVersion: linkspan/v1\nkind: Recipe\nname: test/on\nversion: 1.0.0\nsummary: On it\ndate: \"2026-11-01\"\nbase: \"oci:" + dir + "\"\nfiles: [{path: /etc/d, text: x, owner: app}]\n"
	on, err := b.Build(t.Context(), folder(t, text, nil))
	if err != nil || on.Layers != 2 {
		t.Errorf("on it is made %+v, %v", on, err)
	}
	if err := i.WriteLayout(filepath.Dir(os.Args[0])); linkspan.CodeOf(err) != linkspan.Exists {
		t.Errorf("a layout is written over other files: %v", err)
	}
}

func TestPush(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	b := &build.Builder{Cache: t.TempDir()}
	i := smallImage(t, b)
	var r build.Registry
	last := 0.0
	if err := r.Push(t.Context(), i, host+"/test/small:1.2.3", func(done float64) { last = done }); err != nil {
		t.Fatal(err)
	}
	if last != 1 {
		t.Errorf("at the end %v of it was pushed", last)
	}
	digest, err := name.NewDigest(host + "/test/small@" + i.Digest)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Referrers(digest)
	if err != nil {
		t.Fatal(err)
	}
	all, err := found.IndexManifest()
	if err != nil || len(all.Manifests) != 1 {
		t.Fatalf("referrers are %+v, %v", all, err)
	}
	artifact, err := remote.Image(digest.Digest(all.Manifests[0].Digest.String()))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := artifact.Manifest(); err != nil || m.ArtifactType != "application/spdx+json" {
		t.Errorf("the SBOM's manifest is %+v, %v", m, err)
	}
	for _, wrong := range []string{"test/small", host + "/Test:1", ""} {
		if err := r.Push(t.Context(), i, wrong, nil); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("pushed to %q: %v", wrong, err)
		}
	}
	// An image of a registry is a base, by its digest.
	b.Pull = func(reference string) (v1.Image, error) { return r.Pull(t.Context(), reference, "amd64") }
	text := "apiVersion: linkspan/v1\nkind: Recipe\nname: test/on\nversion: 1.0.0\nsummary: On it\ndate: \"2026-11-01\"\nbase: \"" + digest.String() + "\"\n"
	if on, err := b.Build(t.Context(), folder(t, text, nil)); err != nil || on.Layers != 2 {
		t.Errorf("on it is made %+v, %v", on, err)
	}
	server.Close()
	if err := r.Push(t.Context(), i, host+"/test/small:1.2.3", nil); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a registry that is away: %v", err)
	}
}

func TestRefused(t *testing.T) {
	head := "apiVersion: linkspan/v1\nkind: Recipe\nname: test/x\nversion: 1.0.0\nsummary: x\ndate: \"2026-11-01\"\n"
	program, err := os.ReadFile("/bin/ls")
	if err != nil {
		t.Fatal(err)
	}
	beside := map[string]string{"script": "#!/bin/sh\n", "ls": string(program)}
	for text, want := range map[string]string{
		"files: [{path: /a, text: x, owner: nobody-knows}]\n": "no user or group",
		"users: [{name: a, id: 1, groups: [none]}]\n":         "group none",
		"base: base/none\n":    "no recipe",
		"base: oci:/nothing\n": "read the OCI layout",
		"base: registry1:5000/a@sha256:" + strings.Repeat("0", 64) + "\n": "no registry is asked",
		"base: ./\n": "more than 8",
		"programs: [{path: /bin/x, from: script}]\n":                                                  "not a program",
		"programs: [{path: /bin/ls, from: ls}]\n":                                                     "would not start",
		"files: [{path: /a, from: nothing}]\n":                                                        "nothing",
		"files: [{path: /a, text: x}, {path: /a/b, text: x}]\n":                                       "no folder",
		"links: [{path: /a, to: b}]\nfiles: [{path: /a, text: x}]\ndirectories: [{path: /a}]\nx: y\n": "not known",
	} {
		_, err := (&build.Builder{Cache: t.TempDir()}).Build(t.Context(), folder(t, head+text, beside))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// layers are the files of layers that are cached.
func layers(t *testing.T, b *build.Builder) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(b.Cache, "layers", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// What is made of packages has the same digest again as long as the lock is the same.
func TestLockedPackages(t *testing.T) {
	text := "apiVersion: linkspan/v1\nkind: Recipe\nname: test/locked\nversion: 1.0.0\nsummary: x\ndate: \"2026-11-01\"\npackages: [netbase]\n"
	b := builder(t)
	s, before := folder(t, text, nil), layers(t, b)
	first, err := b.Build(t.Context(), s)
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		t.Skipf("no source of packages answers: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	lock, err := recipe.ReadLock(s, "", "test/locked")
	if err != nil || len(lock.Architectures) != 1 {
		t.Fatalf("the lock is %+v, %v", lock, err)
	}
	for _, file := range layers(t, b) {
		if !slices.Contains(before, file) {
			_ = os.Remove(file)
		}
	}
	again, err := b.Build(t.Context(), s)
	if err != nil || again.Digest != first.Digest {
		t.Errorf("made again it is %+v, %v", again, err)
	}
	var sbom struct {
		Packages []struct {
			Name    string `json:"name"`
			Version string `json:"versionInfo"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(first.SBOM, &sbom); err != nil || len(sbom.Packages) != 2 || sbom.Packages[1].Name != "netbase" || sbom.Packages[1].Version == "" {
		t.Errorf("the SBOM has %+v, %v", sbom, err)
	}
	more := strings.Replace(text, "[netbase]", "[netbase, busybox-static]", 1)
	if err := os.WriteFile(filepath.Join(s.Dir, recipe.FileName), []byte(more), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Build(t.Context(), s); linkspan.CodeOf(err) != linkspan.Conflict {
		t.Errorf("a package that the lock does not have: %v", err)
	}
	b.Update = true
	if _, err := b.Build(t.Context(), s); err != nil {
		t.Error(err)
	}
}
