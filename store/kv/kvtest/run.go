// SPDX-License-Identifier: Apache-2.0

package kvtest

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/store/kv"
)

// patience is how long a test waits for what must happen. It is generous: it
// bounds a failure, not a measurement.
const patience = 60 * time.Second

// check is one test on a store of its own, which is empty at the beginning.
type check struct {
	name string
	run  func(ctx context.Context, t *testing.T, store kv.Store)
}

// checks returns all tests, the simple ones first.
func checks() []check {
	return []check{
		{"put and get", putAndGet},
		{"values belong to their owner", valueOwnership},
		{"delete", deleteKey},
		{"revisions grow", revisionsGrow},
		{"conditions", conditions},
		{"conflict changes nothing", conflictChangesNothing},
		{"keys are checked", keysChecked},
		{"transactions are checked", txnsChecked},
		{"big values", bigValues},
		{"prefix", prefixEdges},
		{"list over pages", listPages},
		{"context", contexts},
		{"one creator wins", oneCreator},
		{"counter", counter},
		{"transfers", transfers},
		{"model", model},
		{"watch order", watchOrder},
		{"watch resumes", watchResumes},
		{"watch prefix", watchPrefix},
		{"watch whole transactions", watchWhole},
		{"watch cancel", watchCancel},
		{"watch close", watchClose},
		{"watch future", watchFuture},
		{"compaction", compaction},
		{"closed", closed},
		{"lease expires", leaseExpires},
		{"lease lives", leaseLives},
		{"lease revoked", leaseRevoked},
		{"lease unknown", leaseUnknown},
		{"election", election},
	}
}

// Run runs every test on a store of its own that open returns. Run closes the
// store, and fails when a goroutine is left after that; open must therefore
// register its own clean-up, of what it needs besides the store, with
// t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) kv.Store) {
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			t.Cleanup(func() { goleak.VerifyNone(t, before) })
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			store := open(t)
			defer func() {
				if err := store.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			c.run(ctx, t, store)
		})
	}
}
