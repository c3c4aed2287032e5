// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// What a move prints where nobody looks on, on a terminal, and when it is to be quiet.
func TestProgress(t *testing.T) {
	messages := []*apiv1.MoveServiceMoveResponse{{Text: "carrying the image"}}
	for done := uint64(1); done <= 100; done++ {
		messages = append(messages, &apiv1.MoveServiceMoveResponse{Done: done * 650_000, Total: 64_900_000})
	}
	messages = append(messages, &apiv1.MoveServiceMoveResponse{Text: "c1 runs on h2"})
	for name, test := range map[string]struct {
		quiet, terminal bool
		lines, redrawn  int
	}{
		"a file": {lines: 12}, "a terminal": {terminal: true, lines: 3, redrawn: 100}, "quiet": {quiet: true},
	} {
		var out strings.Builder
		p := newProgress(&out, test.quiet)
		p.terminal = test.terminal
		for _, m := range messages {
			p.message(m)
		}
		p.end()
		if lines, redrawn := strings.Count(out.String(), "\n"), strings.Count(out.String(), "\r"); lines != test.lines || redrawn != test.redrawn {
			t.Errorf("%s: %d lines and %d that changed, want %d and %d:\n%q", name, lines, redrawn, test.lines, test.redrawn, out.String())
		}
		if !test.quiet && !strings.Contains(out.String(), "64.35MB of about 64.9MB") && !strings.Contains(out.String(), "65MB of about 64.9MB") {
			t.Errorf("%s does not tell how much went over: %q", name, out.String())
		}
	}
}

func TestSize(t *testing.T) {
	for bytes, want := range map[uint64]string{0: "0B", 999: "999B", 1000: "1kB", 1_984_000: "1.984MB", 64_900_000: "64.9MB", 3_210_000_000: "3.21GB"} {
		if got := size(bytes); got != want {
			t.Errorf("%d is %s, want %s", bytes, got, want)
		}
	}
}
