// SPDX-License-Identifier: Apache-2.0

package memory_test

import (
	"testing"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/kvtest"
	"github.com/linkspan/linkspan/store/kv/memory"
)

func TestConformance(t *testing.T) {
	kvtest.Run(t, func(*testing.T) kv.Store { return memory.New() })
}

func BenchmarkStore(b *testing.B) {
	kvtest.Bench(b, func(*testing.B) kv.Store { return memory.New() })
}
