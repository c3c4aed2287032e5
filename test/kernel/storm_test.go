// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/test/harness"
)

// fences: Debian's kernel has what storm control needs, and every container has
// its fence.
func fences(t *testing.T, s *scene) {
	for host, ports := range map[string]int{"h1": 2, "h2": 1} {
		want := fmt.Sprintf("watches %d ports, none floods", ports)
		harness.Eventually(t, "on "+host+" storm control "+want, func() error {
			if r := s.Try(host, "linkspan", "doctor"); !strings.Contains(r.Out, want) {
				return fmt.Errorf("%v", r)
			}
			return nil
		})
	}
}
