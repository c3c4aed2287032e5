// SPDX-License-Identifier: Apache-2.0

package scriptfile_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/scriptfile"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Run with -update to rewrite the files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

func TestRead(t *testing.T) {
	s := good(t)
	want := linkspan.CompositeMember{
		Name: "dns", Image: "base/dns-dhcp@sha256:" + strings.Repeat("a", 64), DependsOn: map[string]string{"routing": "healthy"},
		Calls:  []string{"routing/neighbors"},
		Health: &linkspan.HealthCheck{Command: []string{"dig", "@127.0.0.1"}, Interval: linkspan.Duration(5 * time.Second), Timeout: linkspan.Duration(time.Second), Retries: 3},
	}
	if diff := cmp.Diff(want, s.Composites[0].Services[1]); diff != "" {
		t.Error(diff)
	}
	if s.Name != "branch" || s.Targets.NeighborOf[0] != "core1" || s.Rollout.Soak != linkspan.Duration(30*time.Second) || s.Window.Days[1] != "sun" || s.Gates[0].Within != linkspan.Duration(time.Minute) {
		t.Errorf("%+v", s)
	}
	text, err := scriptfile.Write(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := scriptfile.Read("again.yaml", text, scriptfile.Admitted)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff(s, again); diff != "" {
		t.Error(diff)
	}
}

func good(t testing.TB) *linkspan.Script {
	t.Helper()
	text, err := os.ReadFile("testdata/good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := scriptfile.Read("good.yaml", text, scriptfile.Admitted)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestMistakes compares what is said about each file below testdata with the text beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files: ", err)
	}
	for _, file := range files {
		if filepath.Base(file) == "good.yaml" {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = scriptfile.Read(filepath.Base(file), text, scriptfile.Admitted)
			var wrong yamlfile.Problems
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want problems", err)
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", wrong.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestPinned(t *testing.T) {
	wrong := scriptfile.Pinned(good(t))
	if len(wrong) != 1 || wrong[0].Path != "spec.composites[0].services[0].image" {
		t.Error(wrong)
	}
}

func TestTooLong(t *testing.T) {
	if _, err := scriptfile.Read("x", make([]byte, scriptfile.MaxFile+1)); err == nil {
		t.Error("a file of any length is read")
	}
}

// FuzzRead: whatever a file has, reading ends; what is read is valid, can be written and is
// read the same again; and what is wrong has a place in the file.
func FuzzRead(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := scriptfile.Read("f", text, scriptfile.Admitted, scriptfile.Pinned)
		var wrong yamlfile.Problems
		if err != nil {
			if !errors.As(err, &wrong) || len(wrong) == 0 || wrong[0].Line < 1 || wrong[0].Column < 1 {
				t.Fatal(err)
			}
			return
		}
		if err := s.Validate(); err != nil {
			t.Fatal(err)
		}
		written, err := scriptfile.Write(s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := scriptfile.Read("f", written, scriptfile.Admitted); err != nil {
			t.Fatalf("%v\n%s", err, written)
		}
	})
}
