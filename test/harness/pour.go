// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"
)

// Poured is what has become of text that a container pours through a connection, and
// of the datagrams beside it: one each 10 ms.
type Poured struct {
	Lines         int    // that were sent
	Back          int    // that came back as they were, in order
	Retransmitted int    // segments
	Datagrams     int    // that were sent
	Answers       int    // to different ones
	Missing       []int  // those without an answer, by number, when it is done; not all of many
	Broken        string // what ended the connection
	Done          bool   // nothing is sent any more, and all that was is waited for
}

// Pour is text that is poured.
type Pour struct{ *Terminal }

// Pour begins to pour text from the container to who answers at host:port, and returns
// once it flows; it ends with the test.
func (c *Container) Pour(t *testing.T, address string) *Pour {
	t.Helper()
	return c.PourFrom(t, 0, address)
}

// PourFrom is Pour on a connection from a port; 0: from one that the kernel gives.
func (c *Container) PourFrom(t *testing.T, port int, address string) *Pour {
	t.Helper()
	p := &Pour{c.Open(t, "/probe", "pour", "-from", strconv.Itoa(port), address)}
	p.Flows(t)
	return p
}

// Now returns the last report.
func (p *Pour) Now() (now Poured, err error) {
	lines := p.Heard()
	if len(lines) == 0 {
		return now, errors.New("nothing is poured yet")
	}
	return now, json.Unmarshal([]byte(lines[len(lines)-1]), &now)
}

// Flows waits until more comes back, on the same connection and by datagrams.
func (p *Pour) Flows(t *testing.T) (now Poured) {
	t.Helper()
	const more = 10
	was, _ := p.Now() // none at the very beginning
	Eventually(t, "what is poured flows", func() (err error) {
		if now, err = p.Now(); err != nil {
			return err
		}
		if now.Broken != "" {
			t.Fatalf("the connection broke: %+v", now)
		}
		if now.Back < was.Back+more || now.Answers < was.Answers+more {
			return fmt.Errorf("it was at %+v and is at %+v", was, now)
		}
		return nil
	})
	return now
}

// Stands waits until nothing comes back any more for a while, and returns how long it
// took until the last of it had come, within the time between two reports.
func (p *Pour) Stands(t *testing.T) (last time.Duration) {
	t.Helper()
	const while = time.Second // in which hundreds of lines would come
	begun := time.Now()
	changed := begun
	was, _ := p.Now() // it was poured before
	Eventually(t, "what is poured stands", func() error {
		now, err := p.Now()
		if err != nil {
			return err
		}
		if now.Back != was.Back || now.Answers != was.Answers {
			was, changed = now, time.Now()
		}
		if time.Since(changed) < while {
			return fmt.Errorf("it is at %+v", now)
		}
		return nil
	})
	return changed.Sub(begun)
}

// End ends it, and returns what has become of all.
func (p *Pour) End(t *testing.T) (now Poured) {
	t.Helper()
	p.Ends(t)
	Eventually(t, "what was poured has come back, or was waited for", func() (err error) {
		if now, err = p.Now(); err == nil && !now.Done {
			err = fmt.Errorf("it is at %+v", now)
		}
		return err
	})
	return now
}
