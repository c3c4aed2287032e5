// SPDX-License-Identifier: Apache-2.0

package linkspan_test

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

func TestValidateName(t *testing.T) {
	for _, name := range []string{"a", "7", "web", "a.b_c-d", "A9", strings.Repeat("x", linkspan.MaxName)} {
		if err := linkspan.ValidateName("network", name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	refusedAs(t, linkspan.ValidateName("network", ""), "network name is empty", "")
	refusedAs(t, linkspan.ValidateName("network", strings.Repeat("x", linkspan.MaxName+1)), "is longer than 63 bytes", "")
	for _, name := range []string{"-a", "_a", ".a", "a b", "a/b", "a\n", "ä", `a"b`, "a\x00", "\xff"} {
		refusedAs(t, linkspan.ValidateName("chassis", name), "chassis name", "use letters, digits")
	}
}
