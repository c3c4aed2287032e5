// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// Whoever waits on a connection when it is lost is served by the next one, though
// it sets no deadline: the library may wait for the lost one to come back for ever.
func TestCallOnALostConnectionIsServedByTheNext(t *testing.T) {
	host := ovstest.Start(t)
	sw, err := Open(t.Context(), Config{RunDir: host.RunDir})
	if err != nil {
		t.Fatal(err)
	}
	defer sw.Close()
	tries := 0
	err = sw.with(context.Background(), func(ctx context.Context, live *session) error {
		if tries++; tries == 1 {
			host.Kill(ovstest.Database)
			host.Restart(ovstest.Database)
			<-ctx.Done()
			return ctx.Err()
		}
		_, err := live.root(ctx)
		return err
	})
	if err != nil || tries != 2 {
		t.Errorf("read after %d attempts: %v", tries, err)
	}
}
