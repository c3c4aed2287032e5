// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"testing"
	"time"
)

// Patience is how long a condition may take on a slow machine. A test that
// passes never waits so long, and one that fails says what was missing.
const Patience = 60 * time.Second

const step = 100 * time.Millisecond

// Eventually waits until met returns nil, and fails the test with its last
// error when it does not.
func Eventually(t *testing.T, what string, met func() error) {
	t.Helper()
	Within(t, Patience, what, met)
}

// Within is Eventually with a patience of its own.
func Within(t *testing.T, patience time.Duration, what string, met func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := met()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for this: %s\n%v", patience, what, err)
		}
		time.Sleep(step)
	}
}
