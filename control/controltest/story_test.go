// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/peering"
)

// Run with -update to rewrite the stories; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

// TestStories runs every story below testdata: each line that begins with "> "
// is a command, the lines after it are what happened. README.txt there lists
// the commands.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			synctest.Test(t, func(t *testing.T) { got = tell(t, string(text)) })
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(text), got); diff != "" {
				t.Fatalf("run with -update when this is meant:\n%s", diff)
			}
		})
	}
}

// tell runs a story and returns its text anew.
func tell(t *testing.T, text string) string {
	s := newStage(t, strings.Contains(text, "\n> may "))
	defer s.end()
	var out strings.Builder
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		command, isCommand := strings.CutPrefix(line, "> ")
		switch {
		case isCommand:
			fmt.Fprintf(&out, "%s\n", line)
			if err := s.do(strings.Fields(command)); err != nil {
				fmt.Fprintf(&out, "  error: %v\n", err)
			}
			synctest.Wait()
			for _, happened := range s.take() {
				fmt.Fprintf(&out, "  %s\n", happened)
			}
		case line == "" || strings.HasPrefix(line, "#"):
			fmt.Fprintln(&out, line)
		}
	}
	return out.String()
}

// newStage returns a stage; ruled says that what may talk is said by Rules, and not by
// policies.
func newStage(t *testing.T, ruled bool) *stage {
	ctx, cancel := context.WithCancel(t.Context())
	s := &stage{
		t: t, ctx: ctx, cancel: cancel, peering: peering.New(),
		networks: map[string]*linkspan.Network{}, chassis: map[string]linkspan.ChassisID{},
		endpoints: map[string]*linkspan.Endpoint{}, followers: map[linkspan.ChassisID]context.CancelFunc{},
		peers: map[linkspan.ChassisID]map[linkspan.ChassisID]bool{},
	}
	s.rules = controltest.NewRules()
	cfg := control.Config{
		Peers: s.peering, Log: slog.New(slog.DiscardHandler),
		Event: func(e linkspan.Event) { s.note(0, fmt.Sprintf("event %s %s: %s", e.Kind, e.Subject, e.Message)) },
	}
	if ruled {
		cfg.Decide, cfg.Judge = s.rules.Decide, s.rules.Judge
	}
	s.hub = control.New(cfg)
	s.work.Go(func() { s.hub.Follow(ctx) })
	s.fabric = controltest.NewFabric(s.hub)
	s.fabric.Trace = s.note
	s.fabric.Deliver = s.deliver
	s.watcher = s.hub.Watch()
	return s
}
