// SPDX-License-Identifier: Apache-2.0

package machine

import "regexp"

// Verdicts of a test, as `go test -v` prints them.
const (
	Pass = "PASS"
	Fail = "FAIL"
	Skip = "SKIP"
)

// Step is the end of one test in what a test program printed.
type Step struct {
	Name    string // with those of the tests that it is part of
	Verdict string // Pass, Fail or Skip
	Took    string // "1.23s"
}

var stepLine = regexp.MustCompile(`^\s*--- (PASS|FAIL|SKIP): (\S+) \(([0-9.]+s)\)$`)

// ParseStep reads a line that a test program prints with -test.v; ok is false
// for one that does not tell the end of a test.
func ParseStep(line string) (s Step, ok bool) {
	m := stepLine.FindStringSubmatch(line)
	if m == nil {
		return s, false
	}
	return Step{Name: m[2], Verdict: m[1], Took: m[3]}, true
}
