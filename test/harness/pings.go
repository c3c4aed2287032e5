// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Pings is a container that asks an address all the time, whoever bears it.
type Pings struct {
	mu      sync.Mutex
	replies []time.Time
}

// Pings begins to ask, ten times a second, until the end of the test. It returns
// once there is an answer.
func (c *Container) Pings(t *testing.T, address string) *Pings {
	t.Helper()
	// A terminal, so that each line comes when it is printed.
	cmd := c.Lab.Command(c.Host, "docker", "exec", "-t", c.Name, "ping", "-i", "0.1", address)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	p := new(Pings)
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if strings.Contains(lines.Text(), "bytes from") {
				p.mu.Lock()
				p.replies = append(p.replies, time.Now())
				p.mu.Unlock()
			}
		}
	}()
	t.Cleanup(func() {
		c.Try("killall", "ping") // it is the container's, and docker exec ends with it
		<-read
		var exit *exec.ExitError
		if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
	})
	p.After(t, time.Now())
	return p
}

// After waits for an answer that came after a moment, and returns how long after.
func (p *Pings) After(t *testing.T, moment time.Time) (gap time.Duration) {
	t.Helper()
	Eventually(t, "an answer comes", func() error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, at := range p.replies {
			if gap = at.Sub(moment); gap > 0 {
				return nil
			}
		}
		return fmt.Errorf("%d came, none after %s", len(p.replies), moment.Format(time.StampMilli))
	})
	return gap
}
