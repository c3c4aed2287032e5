// SPDX-License-Identifier: Apache-2.0

// Package talk is one OpenFlow connection to a bridge of this host on which
// questions are asked and answered: messages, the barrier behind them, and what
// came back before it. Many may ask at a time.
//
// It keeps no copy of the bridge (package restore does for br-link), does not connect
// again, and decides nothing.
//
//	c, err := talk.Open(ctx, conn, talk.Config{})
//	replies, err := c.Ask(ctx, &openflow.FlowRequest{TableID: openflow.TableAll})
//	_, err = c.Ask(ctx, talk.Bundle(mods)...)
package talk
