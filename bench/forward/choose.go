// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan/bench/stand"
)

// changeTime bounds how long a switch takes to follow another fast path.
const changeTime = 30 * time.Second

// choose has the hosts forward as asked. A lab begins with userspace TSO in
// force; the switches have taken it out of the database by now.
func (c *config) choose(ctx context.Context, s *stand.Stand) error {
	if c.fastPath != "none" {
		return nil
	}
	for _, host := range s.Hosts() {
		if err := s.Restart(ctx, host, "ovs-vswitchd"); err != nil {
			return err
		}
		if err := c.plain(s, host); err != nil {
			return err
		}
	}
	return nil
}

// plain waits until a switch has found that userspace TSO is gone.
func (c *config) plain(s *stand.Stand, host string) error {
	for until := time.Now().Add(changeTime); ; time.Sleep(100 * time.Millisecond) {
		found, err := s.On(host, c.Linkspan, "doctor")
		if strings.Contains(found, "without TSO") && !strings.Contains(found, "until it is started anew") {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%s does not leave userspace TSO: %w: %s", host, err, found)
		}
	}
}
