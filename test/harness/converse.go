// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Talk is a conversation that goes on in a container: lines on one TCP
// connection, and datagrams beside it.
type Talk struct {
	file string
}

// Progress is what a Talk has come to.
type Progress struct {
	TCP    int    // lines that came back, in order
	UDP    int    // datagrams that came back
	Lost   int    // datagrams that did not
	Broken string // what ended the connection
}

// Converse starts a container that talks to the other one, and removes it at the
// end of the test. It returns once both answer.
func (l *Lab) Converse(t *testing.T, host, name, network string, with *Container) *Talk {
	t.Helper()
	return l.ConverseAt(t, host, name, network, with.Address(t, network))
}

// ConverseAt is Converse with whoever has an address, of that network or another.
func (l *Lab) ConverseAt(t *testing.T, host, name, network, address string) *Talk {
	t.Helper()
	dir := filepath.Join(l.site.Dir, "talk-"+l.Name()+"-"+name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &Container{l, host, name}
	t.Cleanup(func() { c.Remove(t) })
	l.On(t, host, "docker", "run", "-d", "--name", name, "--network", network, "--stop-timeout", "1",
		"--volume", l.site.Probe+":/probe:ro", "--volume", dir+":/talk",
		"busybox", "/probe", "converse", address+":"+Port, "/talk/progress")
	talk := &Talk{filepath.Join(dir, "progress")}
	talk.GoesOn(t)
	return talk
}

// Progress reads what it has come to.
func (k *Talk) Progress() (p Progress, err error) {
	text, err := os.ReadFile(k.file)
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(text, &p)
}

// GoesOn waits until more has come back, by TCP on the same connection and by
// UDP.
func (k *Talk) GoesOn(t *testing.T) Progress {
	t.Helper()
	const more = 10
	was, _ := k.Progress() // none at the very beginning
	var p Progress
	Eventually(t, "the conversation goes on", func() (err error) {
		if p, err = k.Progress(); err != nil {
			return err
		}
		if p.Broken != "" {
			t.Fatalf("the conversation broke: %s, after %+v", p.Broken, p)
		}
		if p.TCP < was.TCP+more || p.UDP < was.UDP+more {
			return fmt.Errorf("it was at %+v and is at %+v", was, p)
		}
		return nil
	})
	return p
}

// Tries is how often tests do what a busy machine may spoil: what goes wrong each time is not
// the machine's doing.
const Tries = 3

// Undisturbed does something below the conversation, which goes on and loses no datagram.
func (k *Talk) Undisturbed(t *testing.T, do func()) {
	t.Helper()
	was := k.GoesOn(t)
	for range Tries {
		do()
		now := k.GoesOn(t)
		if now.Lost == was.Lost {
			return
		}
		t.Logf("the conversation was at %+v and is at %+v", was, now)
		was = now
	}
	t.Errorf("the conversation has lost datagrams each of %d times", Tries)
}

// Recovers waits until datagrams come back again, after they did not for a while.
func (k *Talk) Recovers(t *testing.T) {
	t.Helper()
	was, err := k.Progress()
	if err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the conversation goes on again", func() error {
		now, err := k.Progress()
		if err == nil && now.UDP <= was.UDP {
			err = fmt.Errorf("it is at %+v", now)
		}
		return err
	})
}
