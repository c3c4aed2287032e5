// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"bufio"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseStep(t *testing.T) {
	for line, want := range map[string]Step{
		"--- PASS: TestA (0.00s)":             {"TestA", Pass, "0.00s"},
		"    --- FAIL: TestA/a_b#01 (12.30s)": {"TestA/a_b#01", Fail, "12.30s"},
		"--- SKIP: TestB (0.01s)":             {"TestB", Skip, "0.01s"},
		"=== RUN   TestA":                     {},
		"    x_test.go:7: --- PASS: TestA":    {},
		"":                                    {},
	} {
		got, ok := ParseStep(line)
		if diff := cmp.Diff(want, got); diff != "" || ok != (want != Step{}) {
			t.Errorf("%q: %v (-want +got):\n%s", line, ok, diff)
		}
	}
}

func TestRelay(t *testing.T) {
	for _, test := range []struct {
		text  string
		lines string
		end   error
	}{
		{"a\r\nb\nmachine: exit status 0\n", "a b", nil},
		{"a\nmachine: exit status 3\r\n", "a", ExitError(3)},
		{"a\nmachine: exit status\n", "a machine: exit status", ErrNoEnd},
		{"", "", ErrNoEnd},
	} {
		var lines []string
		end, err := relay(bufio.NewScanner(strings.NewReader(test.text)), func(l string) { lines = append(lines, l) })
		if err != nil || !errors.Is(end, test.end) || strings.Join(lines, " ") != test.lines {
			t.Errorf("%q: lines %q, end %v, error %v", test.text, lines, end, err)
		}
	}
}
