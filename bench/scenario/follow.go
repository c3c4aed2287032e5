// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// again is how long after the end of a stream the next one is asked for.
const again = 100 * time.Millisecond

// follow acknowledges every peer that the controller names, until ctx is done:
// a simulated switch has no tunnel to set up.
func (c *chassis) follow(ctx context.Context) {
	for ctx.Err() == nil {
		err := c.stream(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(again):
			c.trouble.Store(&err)
		}
	}
}

// stream follows until the stream ends, and says why it did.
func (c *chassis) stream(ctx context.Context) error {
	stream, err := c.api.Chassis.Follow(ctx, connect.NewRequest(&apiv1.ChassisServiceFollowRequest{
		Version: "bench", Underlay: c.underlay, Mtu: mtu,
	}))
	if err != nil {
		return err
	}
	defer stream.Close()
	for stream.Receive() {
		_, err := c.api.Chassis.Acknowledge(ctx, connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{
			Sequence: stream.Msg().GetSequence(),
		}))
		if err != nil {
			return err
		}
	}
	return stream.Err()
}

// Trouble returns the last reason for which each chassis's stream broke, nil
// when none did.
func (f *Fabric) Trouble() error {
	var all error
	for i, c := range f.chassis {
		if err := c.trouble.Load(); err != nil {
			all = errors.Join(all, fmt.Errorf("stream of chassis %d: %w", i+1, api.FromRPC(*err)))
		}
	}
	return all
}
