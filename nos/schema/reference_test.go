// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

// The whole base schema as people read it: a change of it is seen in review.
func TestReference(t *testing.T) {
	got := load(t).Reference()
	const file = "testdata/reference.md"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the reference has changed: run with -update and read the diff")
	}
}
