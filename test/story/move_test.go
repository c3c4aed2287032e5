// SPDX-License-Identifier: Apache-2.0

package story

import (
	"slices"
	"strings"
	"testing"
)

// TestMoveGuide types what the guide of moves tells, in a lab whose hosts take part
// in moves.
func TestMoveGuide(t *testing.T) {
	h := home(t)
	lab := []string{"linkspan", "lab", "up", "--name", "moves", "--hosts", "2", "--switch-arg=--allow-moves", "--switch-arg=confined"}
	t.Cleanup(func() { must(t, h, "linkspan", "lab", "down", "--name", "moves") })
	must(t, h, lab...)
	on := func(host string, argv ...string) []string {
		return append([]string{"linkspan", "lab", "exec", "--name", "moves", host, "--"}, argv...)
	}
	beside := func(words ...string) []string { return append([]string{"linkspan", "--lab", "moves"}, words...) }
	must(t, h, beside("network", "create", "--subnet", "10.20.0.0/24", "front")...)
	(web{h}).shownIn(t, "moves", "front", 1)
	must(t, h, on("h1", "docker", "run", "-d", "--name", "front1", "--network", "front", "--stop-timeout", "1", "busybox", "sleep", "3600")...)
	(web{h}).runsIn(t, "moves", "front1")

	typed := 0
	for _, l := range documents(t, h.Repo) {
		if l.where != moves || strings.HasPrefix(l.text, "linkspan serve") {
			continue
		}
		typed++
		words := strings.Fields(l.text)
		argv := beside(words[1:]...)
		switch {
		case strings.HasPrefix(l.text, "docker rm"): // the guide has moved it to h2
			must(t, h, beside("endpoint", "move", "--to", "h1", "front1")...)
			argv = on("h1", words...)
		case words[0] == "docker":
			argv = on("h2", words...)
		}
		must(t, h, argv...)
		if slices.Contains(words, "--to") && !slices.Contains(words, "--dry-run") {
			if out := must(t, h, on("h2", "docker", "ps", "--format", "{{.Names}}")...); out != "front1" {
				t.Errorf("after %q h2 has %q", l.text, out)
			}
		}
	}
	if typed < 6 {
		t.Errorf("the guide tells %d commands", typed)
	}
}
