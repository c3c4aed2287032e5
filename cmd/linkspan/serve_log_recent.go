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

// last returns the lines, the last at the end; those of the audit log only if it is asked for
// them. Nil has none.
func (r *recent) last(audit bool) []string {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	lines := slices.Clone(r.lines)
	r.mu.Unlock()
	if audit {
		return lines
	}
	return slices.DeleteFunc(lines, isAudit)
}

// auditMessage is what a record of the audit log is logged as.
const auditMessage = "audit"

// isAudit says that a line of the log, in either form, has a record of the audit log.
func isAudit(line string) bool {
	return strings.Contains(line, " msg="+auditMessage+" ") || strings.Contains(line, `"msg":"`+auditMessage+`"`)
}
