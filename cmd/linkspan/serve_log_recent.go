// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"sync"
)

// maxRecent is how many lines of the log are kept for those who log in.
const maxRecent = 1000

// recent keeps the last lines that were logged. The zero value has none. Its methods may be
// called by any number of goroutines.
type recent struct {
	mu    sync.Mutex
	lines []string
}

// Write keeps a line; loggers write one at a time.
func (r *recent) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == maxRecent {
		r.lines = slices.Delete(r.lines, 0, maxRecent/10)
	}
	r.lines = append(r.lines, strings.TrimRight(string(p), "\n"))
	return len(p), nil
}

// last returns the lines, the last at the end. Nil has none.
func (r *recent) last() []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}
