// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/test/harness"
)

// limits: Debian's kernel has what holds a container to its bandwidth, and it does
// so before this datapath too, in both directions.
func limits(t *testing.T, s *scene) {
	const (
		rate  = 4 * linkspan.Megabit
		sent  = "2"             // MiB
		least = 3 * time.Second // which 16.8 million bits take more than 4 of
	)
	slow := &harness.Container{Lab: s.Lab, Host: "h1", Name: "slow"}
	t.Cleanup(func() { slow.Remove(t) })
	s.On(t, slow.Host, "docker", "run", "-d", "--name", slow.Name, "--stop-timeout", "1", "--volume", probePath+":/probe:ro",
		"--network", "name="+network+",driver-opt="+linkspan.OptionEgress+"="+rate.String()+",driver-opt="+linkspan.OptionIngress+"="+rate.String(),
		"busybox", "sleep", "86400")
	for _, pair := range [][2]*harness.Container{{slow, s.near}, {s.c2, slow}} {
		from, to := pair[0], pair[1]
		s.On(t, to.Host, "docker", "exec", "-d", to.Name, "/probe", "receive", ":5001", "/tmp/limited")
		began := time.Now()
		want := from.Exec(t, "/probe", "send", to.Address(t, network)+":5001", sent)
		harness.Eventually(t, "everything has come to "+to.Name, func() error {
			if r := to.Try("cat", "/tmp/limited"); r.Out != want {
				return errors.New(r.String())
			}
			return nil
		})
		if took := time.Since(began); took < least {
			t.Errorf("from %s to %s it took %s", from.Name, to.Name, took)
		}
	}
}
