// SPDX-License-Identifier: Apache-2.0

package debian_test

import (
	"archive/tar"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// TestAPT gets one small package with what it needs, as this machine's apt knows it.
func TestAPT(t *testing.T) {
	if _, err := exec.LookPath("apt-get"); err != nil {
		t.Skip("apt-get is missing: Debian or Ubuntu is needed")
	}
	a := &debian.APT{Dir: t.TempDir()}
	if !a.Updated().IsZero() {
		t.Error("there are lists of packages before any were got")
	}
	if err := a.Update(t.Context(), func(float64, string) {}); err != nil {
		t.Skipf("no source of packages answers: %v", err)
	}
	libc, err := a.Show(t.Context(), "libc6")
	if err != nil {
		t.Fatal(err)
	}
	needed, err := a.Resolve(t.Context(), debian.Wanted{Names: []string{"busybox-static", "traceroute"}, There: libc})
	if err != nil {
		t.Fatal(err)
	}
	if len(needed) != 2 {
		t.Fatalf("needed are %v", needed)
	}
	out, err := a.Resolve(t.Context(), debian.Wanted{Names: []string{"traceroute"}, LeaveOut: []string{"libc6"}, There: nil})
	if err != nil || len(out) != 1 {
		t.Errorf("with libc6 left out needed are %v, %v", out, err)
	}
	if _, err := a.Resolve(t.Context(), debian.Wanted{Names: []string{"no-such-package"}}); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v of a package that is not there", err)
	}
	pins := []debian.Pin{debian.PinOf(needed[0]), debian.PinOf(needed[1])}
	var told []string
	paths, err := a.Download(t.Context(), pins, func(_ float64, text string) { told = append(told, text) })
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Download(t.Context(), pins, func(float64, string) { t.Error("they are got twice") })
	if err != nil || !slices.Equal(paths, again) {
		t.Errorf("got %v, %v", again, err)
	}
	files := names(t, paths[1])
	if !slices.ContainsFunc(files, func(name string) bool { return strings.Contains(name, "traceroute") }) {
		t.Errorf("files are %v", files)
	}
	pins[0].SHA256 = strings.Repeat("0", 64)
	if _, err := a.Download(t.Context(), pins, nil); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v of a package with another hash", err)
	}
	pins[0].Version = "0.0.0"
	if _, err := a.Download(t.Context(), pins, nil); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("got %v of a version that is not offered", err)
	}
}

func names(t *testing.T, path string) []string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	control, err := debian.Read(f, func(h *tar.Header, r io.Reader) error {
		all = append(all, h.Name)
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if err != nil || control.Get("Package") != "traceroute" {
		t.Fatalf("%v, %v", control, err)
	}
	return all
}
