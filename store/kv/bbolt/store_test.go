// SPDX-License-Identifier: Apache-2.0

package bbolt_test

import (
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/bbolt"
	"github.com/linkspan/linkspan/store/kv/kvtest"
)

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return open(t, filepath.Join(t.TempDir(), "switch.db")) })
}

func BenchmarkStore(b *testing.B) {
	kvtest.Bench(b, func(b *testing.B) kv.Store { return open(b, filepath.Join(b.TempDir(), "switch.db")) })
}

func open(t testing.TB, path string) *bbolt.Store {
	t.Helper()
	store, err := bbolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return store
}
