// SPDX-License-Identifier: Apache-2.0

package build_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/build"
)

// patience is for conditions on a machine with other load.
const patience = 2 * time.Minute

// cache is where all tests of a run build; one makes it, TestMain removes it. Locks are of what
// is offered now, so that no test depends on how long the mirrors keep versions.
var cache = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("LINKSPAN_TEST_CACHE"); dir != "" {
		return dir, nil
	}
	return os.MkdirTemp("", "linkspan-images-")
})

func TestMain(m *testing.M) {
	if inside() {
		os.Exit(m.Run())
	}
	status := m.Run()
	if dir, err := cache(); err == nil && os.Getenv("LINKSPAN_TEST_CACHE") == "" {
		_ = os.RemoveAll(dir)
	}
	os.Exit(status)
}

// builder returns one that uses the cache of the run.
func builder(t *testing.T) *build.Builder {
	t.Helper()
	for _, program := range []string{"apt-get", "go"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is missing", program)
		}
	}
	dir, err := cache()
	if err != nil {
		t.Fatal(err)
	}
	return &build.Builder{Cache: dir, Locks: filepath.Join(dir, "locks")}
}

// made builds an image of what is offered now. Where no source of packages answers the test is skipped.
func made(t *testing.T, name string) *build.Image {
	t.Helper()
	b := builder(t)
	if _, err := os.Stat(filepath.Join(b.Locks, strings.ReplaceAll(name, "/", "-")+".lock")); err != nil {
		b.Update = name != "base/monitor"
	}
	source, err := recipe.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	i, err := b.Build(t.Context(), source)
	if linkspan.CodeOf(err) == linkspan.Unavailable {
		t.Skipf("no source of packages answers: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// engine is a dockerd of this test.
type engine struct{ *testing.T }

func (e engine) try(args ...string) (string, error) {
	ctx, stop := context.WithTimeout(context.WithoutCancel(e.Context()), patience)
	defer stop()
	out, err := exec.CommandContext(ctx, "docker", append([]string{"-H", "unix:///run/docker.sock"}, args...)...).CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

func (e engine) do(args ...string) string {
	e.Helper()
	out, err := e.try(args...)
	if err != nil {
		e.Fatalf("docker %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// eventually waits until something is so.
func (e engine) eventually(what string, is func() error) {
	e.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		err := is()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			e.Fatalf("%s: not in %v: %v", what, patience, err)
		}
	}
}

// start runs an image as its manifest says that it is run.
func (e engine) start(name, image string, args ...string) *linkspan.ImageManifest {
	e.Helper()
	m, err := linkspan.ParseManifest(e.do("image", "inspect", "-f", `{{index .Config.Labels "linkspan.manifest"}}`, image))
	if err != nil {
		e.Fatal(err)
	}
	run := []string{"run", "-d", "--name", name, "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--health-interval", "1s"}
	for _, c := range m.Capabilities {
		run = append(run, "--cap-add", c)
	}
	e.do(append(append(run, args...), image)...)
	e.healthy(name)
	return m
}

func (e engine) healthy(name string) {
	e.Helper()
	e.eventually(name+" is healthy", func() error {
		if state := e.do("inspect", "-f", "{{.State.Status}} {{.State.Health.Status}}", name); state != "running healthy" {
			log, _ := e.try("logs", "--tail", "20", name)
			return errors.New(state + "\n" + e.do("inspect", "-f", "{{json .State.Health}}", name) + log)
		}
		return nil
	})
}

// tryCall runs the adapter of a call and returns what it prints, which must be JSON, or nothing,
// if the adapter says so.
func (e engine) tryCall(name string, m *linkspan.ImageManifest, path string, arguments map[string]string) (string, error) {
	c := m.Call(path)
	argv, err := c.Argv(arguments)
	if err != nil {
		return "", err
	}
	out, err := e.try(append([]string{"exec", name}, argv...)...)
	if err != nil {
		return "", fmt.Errorf("%q: %w: %s", argv, err, out)
	}
	if c.Adapter.Output == linkspan.JSONOutput && out != "" && !json.Valid([]byte(out)) {
		return "", fmt.Errorf("%q prints no JSON: %s", argv, out)
	}
	return out, nil
}

// TestBaseImages builds every image that linkspan brings, starts it on a real dockerd with no
// more than it asks for, sees it healthy, and makes every call of it that needs no arguments.
func TestBaseImages(t *testing.T) {
	archives := os.Getenv(archivesVariable)
	if !inside() && os.Getenv("LINKSPAN_IMAGES") == "" {
		t.Skip("LINKSPAN_IMAGES is not set: make test-images builds all base images, and starts them")
	}
	if !inside() {
		archives = t.TempDir()
		for _, name := range recipe.Names() {
			i := made(t, name)
			f, err := os.Create(filepath.Join(archives, strings.ReplaceAll(name, "/", "-")+".tar"))
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(i.WriteArchive(f, ""), f.Close()); err != nil {
				t.Fatal(err)
			}
			t.Logf("%s: %d bytes in %d layers, %d packages", name, i.Size, i.Layers, len(i.Packages))
		}
	}
	inNamespaces(t, archives, func(t *testing.T) {
		e := engine{t}
		for _, name := range recipe.Names() {
			e.do("load", "-i", filepath.Join(archives, strings.ReplaceAll(name, "/", "-")+".tar"))
		}
		for _, name := range recipe.Names() {
			r, err := recipe.Read(recipe.Embedded(name))
			if err != nil {
				t.Fatal(err)
			}
			if r.Manifest == nil {
				continue
			}
			t.Run(strings.TrimPrefix(name, "base/"), func(t *testing.T) { engine{t}.everyCall(r) })
		}
		t.Run("two routers", func(t *testing.T) { engine{t}.twoRouters() })
		t.Run("dhcp", func(t *testing.T) { engine{t}.dhcp() })
	})
}

// everyCall starts an image and makes its calls.
func (e engine) everyCall(r *recipe.Recipe) {
	defer func() { _, _ = e.try("rm", "-fv", "one") }()
	m := e.start("one", r.Name+":"+r.Version, "--network", "none")
	for _, s := range m.Services {
		for _, c := range s.Calls {
			if c.Adapter == nil || c.Changes || c.Check(nil) != nil {
				continue
			}
			e.eventually(c.Name, func() error {
				_, err := e.tryCall("one", m, s.Name+"/"+c.Name, nil)
				return err
			})
		}
	}
	begun := time.Now()
	e.do("stop", "-t", "60", "one")
	if code := e.do("inspect", "-f", "{{.State.ExitCode}}", "one"); code == "137" && r.StopSignal != "SIGKILL" {
		e.Errorf("it does not end by itself (%v)", time.Since(begun))
	}
}
