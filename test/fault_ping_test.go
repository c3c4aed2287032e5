// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/linkspan/linkspan/test/harness"
)

// pingEvery is how long a pinger waits between two packets.
const pingEvery = 10 * time.Millisecond

// pinger is a container that pings another one without pause.
type pinger struct {
	*harness.Container
	file string
}

// pingOn starts a pinger and returns once answers come.
func pingOn(t *testing.T, l *harness.Lab, host, name, network string, to *harness.Container) *pinger {
	t.Helper()
	//nolint:usetesting // the site's folder goes after its labs, whose containers may hold it
	dir, err := os.MkdirTemp(filepath.Dir(l.Probe()), "ping-")
	if err != nil {
		t.Fatal(err)
	}
	p := &pinger{&harness.Container{Lab: l, Host: host, Name: name}, filepath.Join(dir, "log")}
	t.Cleanup(func() { p.Remove(t) })
	l.On(t, host, "docker", "run", "-d", "--name", name, "--network", network, "--volume", dir+":/log", "busybox",
		"sh", "-c", fmt.Sprintf("exec ping -i %.2f %s > /log/log", pingEvery.Seconds(), to.Address(t, network)))
	harness.Eventually(t, name+" is answered", func() error {
		if list := p.heard(t); len(list) == 0 {
			return fmt.Errorf("nothing yet")
		}
		return nil
	})
	return p
}

var pingSeq = regexp.MustCompile(`(?m)^64 bytes .* seq=([0-9]+) ttl`)

// heard returns the numbers of the answers so far, but for the last few that
// ping has not written yet.
func (p *pinger) heard(t *testing.T) []int {
	t.Helper()
	text, err := os.ReadFile(p.file)
	if err != nil {
		return nil
	}
	var list []int
	for _, m := range pingSeq.FindAllSubmatch(text, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

// silence is what a pinger missed.
type silence struct {
	lost    int
	longest time.Duration
}

// since returns what was missed after the first n answers, once more answers
// have come.
func (p *pinger) since(t *testing.T, n int) (s silence) {
	t.Helper()
	const more = 200 // ping writes some hundred lines at once
	var list []int
	harness.Eventually(t, p.Name+" is answered again", func() error {
		if list = p.heard(t); len(list) < n+more {
			return fmt.Errorf("%d answers, %d before", len(list), n)
		}
		return nil
	})
	for i := max(n, 1); i < len(list); i++ {
		// The counter has 16 bits.
		if gap := int(uint16(list[i]-list[i-1])) - 1; gap > 0 && gap < 1<<15 {
			s.lost += gap
			s.longest = max(s.longest, time.Duration(gap)*pingEvery)
		}
	}
	return s
}
