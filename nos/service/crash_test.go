// SPDX-License-Identifier: Apache-2.0

package service_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/service"
)

// crashing is set in the process that makes a change and is killed in it: folder and image.
const crashing = "LINKSPAN_TEST_CRASHING"

// TestCrash kills the process that makes a change, at points all over it: the one after it has all of the
// old set or all of the new one.
func TestCrash(t *testing.T) {
	if said := os.Getenv(crashing); said != "" {
		crash(t, strings.Fields(said))
		return
	}
	w := newWorld(t)
	images := []string{w.image("1", nil), w.image("2", nil)}
	w.must(w.apply(two(images[0])))
	version := map[bool]int{}
	const points = 8
	runs := 0
	for i := range points {
		next := images[1-runs]
		w.end()
		cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^TestCrash$")
		cmd.Env = append(os.Environ(), crashing+"="+w.folder+" "+next)
		out := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = out, out
		began, err := os.Create(w.folder + "/began")
		w.must(err)
		began.Close()
		w.must(os.Remove(w.folder + "/began"))
		w.must(cmd.Start())
		w.eventually("the change has begun", func() bool { _, err := os.Stat(w.folder + "/began"); return err == nil })
		time.Sleep(time.Duration(i) * 250 * time.Millisecond) // which point it is does not matter
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		w.open()
		var a, b string
		w.eventually("both are of one set", func() bool {
			a, b = w.get("pair", "/v1/a/who"), w.get("pair", "/v1/b/who")
			_, _, under := w.Pending()
			return !under && strings.HasPrefix(a, "200 a ") && strings.HasPrefix(b, "200 b ") && a[6:] == b[6:]
		})
		w.eventually("nothing else is left", func() bool { return len(w.containers("pair")) == 3 && w.containers("pair")["more"] == "" })
		first := strings.HasPrefix(a, "200 a 1")
		changed := first == (runs == 1)
		version[changed]++
		if changed {
			runs = 1 - runs
		}
	}
	t.Logf("of %d kills %d were after the change", points, version[true])
}

// two is a composite of two members of one version.
func two(image string) linkspan.Composite {
	return linkspan.Composite{Name: "pair", Services: []linkspan.CompositeMember{{Name: "a", Image: image}, {Name: "b", Image: image}}}
}

// crash makes a change until the process is killed.
func crash(t *testing.T, said []string) {
	disk, err := config.OpenDirectory(said[0] + "/state")
	if err != nil {
		t.Fatal(err)
	}
	m, err := service.Open(service.Options{Docker: socket, Disk: disk, Run: "/run/linkspan/composites", Volumes: said[0] + "/volumes", Program: said[0] + "/member", Driver: "bridge"})
	if err != nil {
		t.Fatal(err)
	}
	go m.Run(context.Background())
	if err := os.WriteFile(said[0]+"/began", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.Apply(context.Background(), service.Set{Composites: []linkspan.Composite{two(said[1])}}, nil); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
}
