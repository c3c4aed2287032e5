// SPDX-License-Identifier: Apache-2.0

package fastpath

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
)

// Watch says what [Await] looks at.
type Watch struct {
	Link   string // a port of the bridge
	RunDir string // where ovs-vswitchd keeps its pid file
}

const (
	look  = 250 * time.Millisecond // between two looks at the pid file
	hurry = 5 * time.Millisecond   // before the second probe of a new ovs-vswitchd; then ever longer
	round = 10 * time.Second       // between two probes without a reason
)

// Await returns the state once it is known and not was, as after ovs-vswitchd
// was started with another setting. A link that is away for a moment is waited
// for. The error is the context's, or one of the probe.
func Await(ctx context.Context, w Watch, was State) (State, error) {
	var seen string
	var probed time.Time
	due, wait := true, hurry
	for {
		daemon, err := w.daemon()
		if err != nil {
			return Unknown, err
		}
		if daemon != seen {
			seen, due, wait = daemon, true, hurry
		}
		if due || time.Since(probed) > round {
			state, err := w.probe()
			if err != nil || state != Unknown && state != was {
				return state, err
			}
			due, probed = state == Unknown, time.Now()
			wait = min(2*wait, look)
		}
		select {
		case <-ctx.Done():
			return Unknown, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// daemon tells one ovs-vswitchd from the next.
func (w Watch) daemon() (string, error) {
	pid, err := os.ReadFile(filepath.Join(w.RunDir, "ovs-vswitchd.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("which ovs-vswitchd runs: %w", err)
	}
	return string(pid), nil
}

func (w Watch) probe() (State, error) {
	state, err := Probe(w.Link)
	var gone netlink.LinkNotFoundError
	if errors.As(err, &gone) {
		return Unknown, nil
	}
	return state, err
}
