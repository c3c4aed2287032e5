// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"os"
	"testing"
)

// TestMain lets the program be the probe as well.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		if role, ok := roles()[os.Args[1]]; ok {
			if err := role(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}
