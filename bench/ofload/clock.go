// SPDX-License-Identifier: Apache-2.0

package ofload

import (
	"fmt"
	"syscall"
	"time"
)

// clocks is a reading of the three clocks of a run.
type clocks struct {
	at                    time.Time
	controller, generator time.Duration
}

func (l *Load) clocks() (c clocks, err error) {
	if l.Busy != nil {
		if c.controller, err = l.Busy(); err != nil {
			return c, fmt.Errorf("read the controller's CPU time: %w", err)
		}
	}
	if c.generator, err = ownTime(); err != nil {
		return c, err
	}
	c.at = time.Now()
	return c, nil
}

// ownTime returns the CPU time of this process (getrusage(2)).
func ownTime() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("getrusage: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
