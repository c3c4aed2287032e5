// SPDX-License-Identifier: Apache-2.0

package bbolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/bbolt"
	"github.com/linkspan/linkspan/store/kv/kvtest"
)

func TestMain(m *testing.M) {
	if err := kvtest.CrashMain(openStore); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	m.Run()
}

func TestCrash(t *testing.T) {
	kvtest.Crash(t, filepath.Join(t.TempDir(), "switch.db"), openStore)
}

func openStore(path string) (kv.Store, error) { return bbolt.Open(path) }
