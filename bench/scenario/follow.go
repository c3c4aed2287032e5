// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"time"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// again is how long after the end of a stream the next one is asked for.
const again = 100 * time.Millisecond

// follow acknowledges every peer that the controller names, until ctx is done:
// a simulated switch has no tunnel to set up.
func (c *chassis) follow(ctx context.Context) {
	for ctx.Err() == nil {
		c.stream(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// stream follows until the stream ends. Why it ended does not matter: the next
// one begins with a snapshot, and a controller that is gone fails the run.
func (c *chassis) stream(ctx context.Context) {
	stream, err := c.api.Chassis.Follow(ctx, connect.NewRequest(&apiv1.ChassisServiceFollowRequest{Version: "bench", Mtu: 1500}))
	if err != nil {
		return
	}
	defer stream.Close()
	for stream.Receive() {
		_, err := c.api.Chassis.Acknowledge(ctx, connect.NewRequest(&apiv1.ChassisServiceAcknowledgeRequest{
			Sequence: stream.Msg().GetSequence(),
		}))
		if err != nil {
			return
		}
	}
}
