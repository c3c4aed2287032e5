// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/bench/load"
)

func TestLoads(t *testing.T) {
	defer goleak.VerifyNone(t)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := load.Serve(ctx, address); err != nil {
			t.Error(err)
		}
	})
	defer serving.Wait()
	defer stop()
	for _, kind := range []load.Kind{load.Stream, load.Echo, load.Connect} {
		var r load.Result
		for deadline := time.Now().Add(30 * time.Second); ; {
			if r, err = load.Run(ctx, kind, address, 100*time.Millisecond); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal(err)
			}
		}
		if r.Busy < 0 || r.PerSecond <= 0 || kind != load.Stream && (r.Median <= 0 || r.High < r.Median) {
			t.Errorf("%s: %+v", kind, r)
		}
	}
	if _, err := load.Run(ctx, "nothing", address, time.Millisecond); err == nil {
		t.Error("a load of no kind was put")
	}
}
