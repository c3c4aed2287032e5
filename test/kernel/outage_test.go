// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"testing"

	"github.com/linkspan/linkspan/lab/boot"
	"github.com/linkspan/linkspan/test/harness"
)

// outage: who talks goes on talking while ovs-vswitchd is down, as the kernel
// forwards without it; afterwards a crash as well leaves everything as it was.
func outage(t *testing.T, s *scene) {
	stop := talk(t, s.c1, s.c2)
	defer stop()
	ping(t, s.c1, s.c2)
	if err := s.Stop(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	ping(t, s.c1, s.c2)
	if err := s.Start(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	s.recovers(t)
	if err := s.Crash(t.Context(), "h1", boot.VSwitchd); err != nil {
		t.Fatal(err)
	}
	s.recovers(t)
}

// recovers waits until new conversations are possible, here and across hosts.
func (s *scene) recovers(t *testing.T) {
	t.Helper()
	for _, to := range []*harness.Container{s.near, s.c2} {
		harness.Eventually(t, "c1 reaches "+to.Name, func() error {
			if r := s.c1.Try("ping", "-c", "2", "-W", "5", to.Address(t, network)); r.Exit != 0 {
				return errors.New(r.String())
			}
			return nil
		})
	}
}
