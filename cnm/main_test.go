// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) {
	flag.Parse()
	_, err := exec.LookPath("ping")
	if os.Getuid() != 0 || err != nil {
		fmt.Fprintln(os.Stderr, "the example is skipped: it needs root and ping (Debian package iputils-ping)")
		if err := flag.Set("test.skip", "^Example"); err != nil {
			panic(err)
		}
	}
	os.Exit(ovstest.Main(m))
}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
