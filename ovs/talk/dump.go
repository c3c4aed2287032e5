// SPDX-License-Identifier: Apache-2.0

package talk

import (
	"context"
	"fmt"

	"github.com/linkspan/linkspan/wire/openflow"
)

// entry reads itself off the body of a reply.
type entry[E any] interface {
	*E
	Next([]byte) ([]byte, error)
}

// list asks and reads the entries of all replies.
func list[E any, P entry[E]](ctx context.Context, c *Conn, request openflow.Encoder) ([]E, error) {
	replies, err := c.Ask(ctx, request)
	if err != nil {
		return nil, err
	}
	var all []E
	for _, m := range replies {
		var p openflow.Multipart
		if err := p.DecodeReply(m); err != nil {
			return nil, fmt.Errorf("reply: %w", err)
		}
		for body := p.Body; len(body) > 0; {
			var e E
			if body, err = P(&e).Next(body); err != nil {
				return nil, fmt.Errorf("entry of a reply: %w", err)
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// Flows returns the flows that the filter lets through, with their counters.
func (c *Conn) Flows(ctx context.Context, filter openflow.FlowRequest) ([]openflow.FlowStats, error) {
	return list[openflow.FlowStats](ctx, c, &filter)
}

// Ports returns the ports of the bridge.
func (c *Conn) Ports(ctx context.Context) ([]openflow.Port, error) {
	return list[openflow.Port](ctx, c, &openflow.PortDescRequest{})
}

// Meters returns how the bridge's meters are set.
func (c *Conn) Meters(ctx context.Context) ([]openflow.MeterConfig, error) {
	return list[openflow.MeterConfig](ctx, c, &openflow.MeterRequest{MeterID: openflow.MeterAll, Config: true})
}

// MeterStats returns the counters of the bridge's meters.
func (c *Conn) MeterStats(ctx context.Context) ([]openflow.MeterStats, error) {
	return list[openflow.MeterStats](ctx, c, &openflow.MeterRequest{MeterID: openflow.MeterAll})
}
