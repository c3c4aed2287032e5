// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/script"
	"github.com/linkspan/linkspan/trust/audit"
)

func second(t *testing.T) script.Delivery {
	return changed(t, func(*linkspan.Statement) {})
}

// TestFailing lets each act of an update fail: the switch is what it was, says why, and takes the
// same script when nothing fails any more.
func TestFailing(t *testing.T) {
	for _, act := range []string{"plan", "configuration", "pull", "prepare", "configure", "stop", "start", "gate up"} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			s := open(t, installed(t), func() {})
			s.world.failing[act] = errors.New("it is broken")
			text, err := s.Deliver(t.Context(), second(t))
			if err == nil || script.ReasonOf(err) != "" {
				t.Fatal(err)
			}
			if r := outcome(t, text); r.Outcome != linkspan.OutcomeReturned || !strings.Contains(r.Reason, "it is broken") || r.Serial != 2 {
				t.Errorf("%+v", r)
			}
			if err := s.is(t, 1); err != nil {
				t.Error(err)
			}
			clear(s.world.failing)
			if text, err = s.Deliver(t.Context(), second(t)); err != nil || outcome(t, text).Outcome != linkspan.OutcomeCommitted {
				t.Error(err)
			}
			if err := s.is(t, 2); err != nil {
				t.Error(err)
			}
			kept, err := s.Receipt()
			if err != nil || outcome(t, kept).Outcome != linkspan.OutcomeCommitted {
				t.Error(err)
			}
		})
	}
}

// TestStuck has an update that can neither go on nor back, until it can.
func TestStuck(t *testing.T) {
	for act, want := range map[string]uint64{"return": 1, "return configuration": 1, "keep": 2, "confirm": 2} {
		t.Run(act, func(t *testing.T) {
			t.Parallel()
			s := open(t, installed(t), func() {})
			s.world.failing[act] = errors.New("it is broken")
			if want == 1 {
				s.world.failing["gate up"] = errors.New("it is down")
			}
			if _, err := s.Deliver(t.Context(), second(t)); err == nil || !strings.Contains(err.Error(), "it is broken") {
				t.Fatal(err)
			}
			v3, _ := sealed(t, numbered(3, digestOf(t, 2)), key(t, 1))
			if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v3}); linkspan.CodeOf(err) != linkspan.Unavailable {
				t.Errorf("another one: %v", err)
			}
			clear(s.world.failing)
			if _, err := s.Recover(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := s.is(t, want); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestFullDisk(t *testing.T) {
	s := open(t, installed(t), func() {})
	w := s.world
	free := uint64(64<<20 + 2<<20 - 1) // two images of 1 MiB are needed
	u := script.NewUpdater(s.verifier, script.Host{Puller: w, Composer: composer{w}, Configurer: configurer{w}, Gates: w, Free: func() (uint64, error) { return free, nil }}, key(t, 9))
	acts := len(w.Acts)
	if _, err := u.Deliver(t.Context(), second(t)); linkspan.CodeOf(err) != linkspan.Exhausted || len(w.Acts) != acts {
		t.Errorf("%v, and it did %v", err, w.Acts[acts:])
	}
	free++
	if _, err := u.Deliver(t.Context(), second(t)); err != nil {
		t.Error(err)
	}
}

func TestPlan(t *testing.T) {
	s := open(t, installed(t), func() {})
	acts := len(s.world.Acts)
	lines, err := s.Plan(t.Context(), numbered(2, ""))
	if err != nil || !slices.Contains(lines, "set vlans 10 description v2") ||
		!slices.Contains(lines, "+ edge services dns image base/dns@sha256:"+strings.Repeat("b", 63)+"2") || len(lines) != 6 || len(s.world.Acts) != acts {
		t.Errorf("%q, %v", lines, err)
	}
}

// TestOrder has what an update does, in order, and what the audit log says of it.
func TestOrder(t *testing.T) {
	s := open(t, installed(t), func() {})
	acts := len(s.world.Acts)
	if _, err := s.Deliver(t.Context(), second(t)); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.world.Acts[acts:], ", "); got != "pull, pull, prepare, configure, stop, start, start, confirm, keep" {
		t.Error(got)
	}
	records, err := audit.List(s.log.Dir(), audit.Filter{Kinds: []audit.Kind{audit.Script}, Text: "serial 2"})
	if err != nil || len(records) != 3 || !strings.Contains(records[0].Text, "accepted from stream") ||
		!strings.Contains(records[1].Text, "set vlans 10 description v2") || !strings.HasSuffix(records[2].Text, "committed") {
		t.Errorf("%+v, %v", records, err)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "scripts", "*"))
	if err != nil || len(files) != 3 { // state, root, and one statement
		t.Errorf("%v, %v", files, err)
	}
}

// TestGatesWait has a gate that holds after a while.
func TestGatesWait(t *testing.T) {
	s := open(t, installed(t), func() {})
	asked := 0
	slow := gates(func() error {
		if asked++; asked < 5 {
			return errors.New("not yet")
		}
		return nil
	})
	w := s.world
	u := script.NewUpdater(s.verifier, script.Host{Puller: w, Composer: composer{w}, Configurer: configurer{w}, Gates: slow}, key(t, 9))
	if _, err := u.Deliver(t.Context(), second(t)); err != nil || asked != 5 {
		t.Errorf("asked %d times, %v", asked, err)
	}
}

type gates func() error

func (g gates) Check(context.Context, linkspan.Gate) error { return g() }

// TestCancelled has a process that is told to end in the middle.
func TestCancelled(t *testing.T) {
	s := open(t, installed(t), func() {})
	ctx, cancel := context.WithCancel(t.Context())
	w := s.world
	ending := gates(func() error { cancel(); return errors.New("not yet") })
	u := script.NewUpdater(s.verifier, script.Host{Puller: w, Composer: composer{w}, Configurer: configurer{w}, Gates: ending}, key(t, 9))
	if _, err := u.Deliver(ctx, second(t)); err == nil {
		t.Error("it was committed")
	}
	if err := s.is(t, 1); err != nil {
		t.Error(err)
	}
}

// TestDamaged has a state that cannot be read: nothing is known of what was accepted, so nothing is.
func TestDamaged(t *testing.T) {
	dir := installed(t)
	file := filepath.Join(dir, "scripts", "state.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := config.OpenDirectory(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	defer disk.Close()
	for name, wrong := range map[string][]byte{
		"changed": []byte(strings.Replace(string(text), `"serial":1`, `"serial":0`, 1)), "cut off": text[:len(text)-1], "empty": {}, "no sum": []byte("{}"),
	} {
		if err := os.WriteFile(file, wrong, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := script.Open(script.Options{Disk: disk, Switch: "sw1"}); linkspan.CodeOf(err) != linkspan.Internal || linkspan.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUnwritten has an audit log that takes nothing: nothing is done.
func TestUnwritten(t *testing.T) {
	s := open(t, installed(t), func() {})
	if err := s.log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Deliver(t.Context(), second(t)); script.ReasonOf(err) != script.Unwritten {
		t.Error(err)
	}
	if err := s.is(t, 1); err != nil {
		t.Error(err)
	}
}
