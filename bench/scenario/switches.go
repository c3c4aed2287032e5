// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/linkspan/linkspan/bench/ofload"
)

// Switches are connected to one controller.
type Switches []*ofload.Switch

// Close ends all sessions.
func (l Switches) Close() {
	for _, s := range l {
		s.Close()
	}
}

// handshakeTime bounds how long a controller may take to complete the handshake
// with all switches and to install its first flows.
const handshakeTime = 60 * time.Second

// dialAll dials n switches as option says, from 1, and waits until the
// controller wants the packets of all their ports.
func dialAll(ctx context.Context, n, hosts int, option func(s int) ofload.Options) (l Switches, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	defer func() {
		if err != nil {
			l.Close()
		}
	}()
	ports := make([]uint32, hosts)
	for i := range ports {
		ports[i] = uint32(i + 1)
	}
	for s := 1; s <= n; s++ {
		o := option(s)
		for p := 1; p <= hosts; p++ {
			o.Ports = append(o.Ports, host(s, p))
		}
		one, err := ofload.Dial(ctx, o)
		if err != nil {
			return l, err
		}
		l = append(l, one)
	}
	for _, s := range l {
		if err := s.Ready(ctx, ports...); err != nil {
			return l, err
		}
	}
	return l, nil
}

// Settle asks until a short run has no fault, at most ten times: a controller
// may drop what comes before its handshake is complete.
func (l Switches) Settle(ctx context.Context) error {
	load := ofload.Load{Window: 8, Duration: 200 * time.Millisecond, Drain: 3 * time.Second}
	var last error
	for range 10 {
		r, err := ofload.Run(ctx, l, load)
		if err != nil {
			return err
		}
		if last = r.Faults.Err(); last == nil && r.Answered > 0 {
			return nil
		}
	}
	return fmt.Errorf("the controller does not answer as it should: %w", errors.Join(last, ctx.Err()))
}

// ask prepares the questions that make returns for switch s, from 1.
func (l Switches) ask(make func(s int) []ofload.Question) error {
	for _, one := range l {
		one.Forget()
	}
	for i, one := range l {
		if err := one.Prepare(make(i + 1)); err != nil {
			return err
		}
	}
	return nil
}
