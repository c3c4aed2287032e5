// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"fmt"
	"testing"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

// maxSteps is more steps outside of the process than the script has.
const maxSteps = 200

// A process that dies at any step leaves nothing behind once the next one has
// compared its records with a Docker that forgot everything.
func TestNothingLeaksWhereverTheProcessDies(t *testing.T) {
	everyDeath(t, func(t *testing.T, w *cnmtest.World, _ *docker, _ int) {
		wantNothing(t, w, open(t, w))
	})
}

// A process that dies at any step can go on from there: the call that failed
// succeeds when it is repeated, and so does everything after it.
func TestCallsSucceedWhenRepeatedAfterDeath(t *testing.T) {
	everyDeath(t, func(t *testing.T, w *cnmtest.World, d *docker, failed int) {
		d.c = open(t, w)
		d.c.Maintain(t.Context())
		rest := script()[failed:]
		if n, err := play(limited(t), d, rest); err != nil {
			t.Fatalf("repeated from %s: %s: %v", rest[0].name, rest[n].name, err)
		}
		wantNothing(t, w, d.c)
	})
}

// The same without a restart: only the parts around it were away.
func TestCallsSucceedWhenRepeatedAfterFailure(t *testing.T) {
	everyDeath(t, func(t *testing.T, w *cnmtest.World, d *docker, failed int) {
		rest := script()[failed:]
		if n, err := play(limited(t), d, rest); err != nil {
			t.Fatalf("repeated from %s: %s: %v", rest[0].name, rest[n].name, err)
		}
		wantNothing(t, w, d.c)
	})
}

// Docker's way after a failure: it takes back what it knows to be there and
// never repeats.
func TestNothingLeaksWhenDockerTakesBack(t *testing.T) {
	everyDeath(t, func(t *testing.T, w *cnmtest.World, d *docker, failed int) {
		if failed < joined {
			for _, s := range script()[joined:] {
				must(t, s.do(limited(t), d))
			}
		}
		d.c.Maintain(t.Context())
		wantNothing(t, w, d.c)
	})
}

// everyDeath plays the script once for each of its steps, dying there: for an
// endpoint without limits and for one with.
func everyDeath(t *testing.T, after func(t *testing.T, w *cnmtest.World, d *docker, failed int)) {
	t.Helper()
	for name, options := range map[string]map[string]string{"plain": nil, "limited": {linkspan.OptionEgress: "10mbit"}} {
		t.Run(name, func(t *testing.T) { everyDeathWith(t, options, after) })
	}
}

func everyDeathWith(t *testing.T, options map[string]string, after func(t *testing.T, w *cnmtest.World, d *docker, failed int)) {
	t.Helper()
	for at := range maxSteps {
		alive := false
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			bubble(t, func(t *testing.T, w *cnmtest.World) {
				d := &docker{c: open(t, w), options: options}
				w.Kill.At(at)
				failed, _ := play(limited(t), d, script())
				alive = !w.Kill.Struck()
				w.Kill.Revive()
				after(t, w, d, failed%len(script()))
			})
		})
		if alive {
			return
		}
	}
	t.Errorf("the script has more than %d steps", maxSteps)
}
