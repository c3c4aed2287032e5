// SPDX-License-Identifier: Apache-2.0

package story

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// TestDemo runs what make demo runs to its end, and then what the guide says of
// labs on the lab that it leaves.
func TestDemo(t *testing.T) {
	h := home(t)
	out, err := h.Command(h.Repo, "examples/demo").CombinedOutput()
	if err != nil {
		t.Fatalf("examples/demo: %v\n%s", err, out)
	}
	t.Cleanup(func() {
		must(t, h, "linkspan", "lab", "down", "--name", "demo")
		if left := must(t, h, "linkspan", "lab", "status", "-q"); left != "" {
			t.Errorf("after lab down there is %q", left)
		}
	})
	checkStory(t, string(out))
	t.Run("the only lab", func(t *testing.T) { onlyLab(t, h) })
	t.Run("exec", func(t *testing.T) { execKeeps(t, h) })
	t.Run("documents", func(t *testing.T) { runDocuments(t, h) })
}

// checkStory reads what the demo printed, step by step.
func checkStory(t *testing.T, told string) {
	t.Helper()
	steps := regexp.MustCompile(`(?m)^(?:\x1b\[1m)?(?:[1-5]\. |What to type next)`).Split(told, -1)
	if len(steps) != 7 {
		t.Fatalf("the demo told %d steps:\n%s", len(steps)-1, told)
	}
	contains := func(step int, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(steps[step], w) {
				t.Errorf("step %d does not tell %q:\n%s", step, w, steps[step])
			}
		}
	}
	contains(1, "h1", "h2", "connected")
	contains(2, "web", "linkspan")
	contains(3, "c1", "c2", "10.7.0.", "attached")
	contains(4, "3 packets received", "198.18.0.11", "198.18.0.12", "10.7.0.3")
	if row := steps[4]; !strings.Contains(row, "tunnel ") && !strings.Contains(row, "direct ") {
		t.Errorf("step 4 does not tell the transport:\n%s", row)
	}
	const flow = "\n cookie=0x21"
	if n := strings.Count(steps[4], flow); n < 4 {
		t.Errorf("a route across hosts has 4 flows, %d were shown:\n%s", n, steps[4])
	}
	if strings.Contains(steps[5], flow) || strings.Contains(steps[5], "c1") {
		t.Errorf("after the idle time a route is shown:\n%s", steps[5])
	}
	contains(5, "ROUTE ID")
	contains(6, "linkspan lab down")
}

// onlyLab types without naming the lab, and with another one beside it.
func onlyLab(t *testing.T, h *harness.Home) {
	if out := must(t, h, "linkspan", "switch", "ls", "-q"); out != "h1\nh2" {
		t.Errorf("with one lab up, linkspan speaks to it: %q", out)
	}
	must(t, h, "linkspan", "lab", "up", "--name", "second", "--hosts", "1")
	if r := h.Try("linkspan", "switch", "ls"); r.Exit != 1 || !strings.Contains(r.Err, "--lab") || !strings.Contains(r.Err, "demo, second") {
		t.Errorf("with two labs up: %v", r)
	}
	if out := must(t, h, "linkspan", "--lab", "second", "switch", "ls", "-q"); out != "h1" {
		t.Errorf("the second lab's switches: %q", out)
	}
	if out := must(t, h, "linkspan", "lab", "status", "-q"); out != "demo\nsecond" {
		t.Errorf("lab status: %q", out)
	}
	must(t, h, "linkspan", "lab", "down", "--name", "second")
	if out := must(t, h, "linkspan", "lab", "status", "--name", "demo"); strings.Count(out, "ready") != 9 {
		t.Errorf("the end of one lab harmed the other:\n%s", out)
	}
}

// execKeeps checks folder, exit status, standard input and words of lab exec.
func execKeeps(t *testing.T, h *harness.Home) {
	in := func(argv ...string) []string {
		return append([]string{"linkspan", "lab", "exec", "--name", "demo"}, argv...)
	}
	if out := must(t, h, in("h1", "--", "pwd")...); out != h.Dir {
		t.Errorf("the folder is %q, typed in %q", out, h.Dir)
	}
	if r := h.Try(in("h2", "--", "sh", "-c", "exit 7")...); r.Exit != 7 {
		t.Errorf("exit status 7 became %v", r)
	}
	if out := must(t, h, in("h2", "--", "printf", "%s|", "a b", "-q", "--name")...); out != "a b|-q|--name|" {
		t.Errorf("the words became %q", out)
	}
	if out := must(t, h, in("h2", "hostname")...); out != "h2" {
		t.Errorf("without the two dashes: %q", out)
	}
	cmd := h.Command(h.Dir, in("h1", "--", "cat")...)
	cmd.Stdin = strings.NewReader("typed")
	if out, err := cmd.Output(); string(out) != "typed" {
		t.Errorf("standard input became %q, %v", out, err)
	}
	if r := h.Try(in("h9", "--", "true")...); r.Exit != 1 || !strings.Contains(r.Err, "h1, h2") {
		t.Errorf("a host that there is not: %v", r)
	}
	if r := h.Try("linkspan", "lab", "exec", "--name", "nobody", "h1", "--", "true"); r.Exit != 1 || !strings.Contains(r.Err, "nobody") {
		t.Errorf("a lab that there is not: %v", r)
	}
	if r := h.Try(in("h1", "--")...); r.Exit != 2 {
		t.Errorf("no command: %v", r)
	}
	if _, err := os.Stat(h.Dir); err != nil {
		t.Error(err)
	}
}
