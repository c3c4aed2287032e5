// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"strings"
	"testing"
)

// Records of the audit log are told from what else is logged, in both forms.
func TestTheLogWithoutTheAuditLog(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		l := logging{format: format}
		log, err := l.logger(io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		log.Info(auditMessage, "who", "ann")
		log.Info("a message", "text", " msg=audit ")
		log.Warn("another", "who", "ann")
		if all := l.recent.last(true); len(all) != 3 {
			t.Errorf("%s: %q", format, all)
		}
		for _, line := range l.recent.last(false) {
			if strings.Contains(line, "INFO") && strings.Contains(line, "ann") {
				t.Errorf("%s: %s", format, line)
			}
		}
		if rest := l.recent.last(false); len(rest) == 0 || !strings.Contains(rest[len(rest)-1], "another") {
			t.Errorf("%s: %q", format, rest)
		}
	}
	if lines := (*recent)(nil).last(true); lines != nil {
		t.Errorf("%q", lines)
	}
}
