// SPDX-License-Identifier: Apache-2.0

package script_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/script"
)

// What a child of the test does: it delivers version 2, or recovers, and is killed at some point.
const (
	childDir   = "LINKSPAN_SCRIPT_DIR"
	childPoint = "LINKSPAN_SCRIPT_POINT"
	childDoes  = "LINKSPAN_SCRIPT_DOES"
)

// killer returns a point that kills the process at the nth time.
func killer(n int) func() {
	return func() {
		if n--; n == 0 {
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		}
	}
}

// TestChild is no test of its own: it is what [TestKilledAtEveryPoint] runs and kills.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("it is run by TestKilledAtEveryPoint alone")
	}
	n, err := strconv.Atoi(os.Getenv(childPoint))
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, killer(n))
	switch os.Getenv(childDoes) {
	case "recover":
		if _, err := s.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		return
	case "fail":
		s.world.failing["gate up"] = errors.New("it is down")
	}
	v2, _ := sealed(t, numbered(2, digestOf(t, 1)), key(t, 1))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v2, Way: "stream"}); err != nil && os.Getenv(childDoes) != "fail" {
		t.Fatal(err)
	}
}

func digestOf(t testing.TB, n uint64) string {
	previous := ""
	if n > 1 {
		previous = digestOf(t, n-1)
	}
	_, digest := sealed(t, numbered(n, previous), key(t, 1))
	return digest
}

// run runs a child and says whether it was killed.
func run(t *testing.T, dir, does string, point int) (killed bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	c.Env = append(os.Environ(), childDir+"="+dir, childPoint+"="+strconv.Itoa(point), childDoes+"="+does)
	out, err := c.CombinedOutput()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.Sys().(interface{ Signaled() bool }).Signaled() {
		return true
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return false
}

// installed makes a switch that is version 1.
func installed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir, func() {})
	v1, _ := sealed(t, numbered(1, ""), key(t, 1))
	if _, err := s.Deliver(t.Context(), script.Delivery{Envelope: v1, Way: "stream"}); err != nil {
		t.Fatal(err)
	}
	if err := s.is(t, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestKilledAtEveryPoint kills the process at every point of an update, and again in the
// recovery, and takes the power away at every other one: the switch is wholly what it was or
// wholly what it was to be, and gets there in the end.
func TestKilledAtEveryPoint(t *testing.T) {
	if testing.Short() {
		t.Skip("it runs some hundred processes; run it without -short")
	}
	for does, step := range map[string]int{"deliver": 1, "fail": 3} { // until its gate fails it is the same
		t.Run(does, func(t *testing.T) {
			t.Parallel()
			points, old := 0, 0
			for n := 1; ; n += step {
				dir := installed(t)
				if !run(t, dir, does, n) {
					break
				}
				points++
				if n%2 == 0 {
					openWorld(t, dir).lightsOut()
				}
				if n/2%3 == 0 {
					run(t, dir, "recover", n%11+1)
				}
				if recovered(t, dir, does, n) {
					old++
				}
			}
			if points < 20/step {
				t.Errorf("there were %d points only", points)
			}
			t.Logf("killed at %d points; it was the old version after %d of them", points, old)
		})
	}
}

// recovered recovers a switch and says whether it was the old one then.
func recovered(t *testing.T, dir, does string, n int) (old bool) {
	t.Helper()
	s := open(t, dir, func() {})
	again, err := s.Recover(context.Background())
	if err != nil {
		t.Fatalf("point %d: %v", n, err)
	}
	booted(t, dir, s)
	is1, is2 := s.is(t, 1), s.is(t, 2)
	if is1 != nil && (is2 != nil || does == "fail") {
		t.Fatalf("point %d: %v; %v", n, is1, is2)
	}
	if err := s.verifierRefusesOld(t, is2 == nil || again); err != nil {
		t.Fatalf("point %d: %v", n, err)
	}
	v2, _ := sealed(t, numbered(2, digestOf(t, 1)), key(t, 1))
	if again {
		_, err = s.Again(t.Context())
	} else {
		_, err = s.Deliver(t.Context(), script.Delivery{Envelope: v2, Way: "stream"})
	}
	if err != nil {
		t.Fatalf("point %d: again: %v", n, err)
	}
	if err := s.is(t, 2); err != nil {
		t.Fatalf("point %d: %v", n, err)
	}
	if err := s.log.Close(); err != nil {
		t.Fatal(err)
	}
	return is1 == nil
}

// booted is what the composer does by itself at the start of a machine: what it has kept runs.
func booted(t *testing.T, dir string, s *stand) {
	t.Helper()
	w := openWorld(t, dir)
	if w.Running != nil {
		return
	}
	committed, err := s.Committed()
	if err != nil {
		t.Fatal(err)
	}
	s.world.Running = pictures(committed.Pinned())
	_ = s.world.act("boot", func() {})
}

// verifierRefusesOld says whether the version before is refused, if the newer one was accepted.
func (s *stand) verifierRefusesOld(t *testing.T, accepted bool) error {
	t.Helper()
	if !accepted {
		return nil
	}
	v1, _ := sealed(t, numbered(1, ""), key(t, 1))
	if _, err := s.verifier.Accept(script.Delivery{Envelope: v1, Way: "stick"}); script.ReasonOf(err) != script.Older {
		return fmt.Errorf("the version before is not refused: %w", err)
	}
	return nil
}
