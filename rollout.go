// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"strconv"
	"strings"
)

// Wave is how many switches take a script together: a number, or a part of those that are left
// when the canary has it.
type Wave struct {
	Count   int
	Percent int // 1 to 100, or 0 where a count is said
}

const wantWave = "a number of switches or a percentage of those after the canary, as in 10 or 25%"

// ParseWave reads 10 or 25%. Errors have code Invalid.
func ParseWave(s string) (Wave, error) {
	digits, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseUint(digits, 10, 31)
	most := uint64(MaxScriptTargets)
	if percent {
		most = 100
	}
	if err != nil || n == 0 || n > most || digits != strconv.FormatUint(n, 10) {
		return Wave{}, &Error{Code: Invalid, Message: "wave " + quote(s) + " is not understood", Hint: "write " + wantWave}
	}
	if percent {
		return Wave{Percent: int(n)}, nil
	}
	return Wave{Count: int(n)}, nil
}

// Sizes returns how many of a number of switches take the script in each wave, the canary first.
// What no wave says is the last one. The rollout must be a valid one.
func (r *Rollout) Sizes(switches int) []int {
	var sizes []int
	left := switches
	take := func(n int) {
		if n = min(n, left); n > 0 {
			sizes, left = append(sizes, n), left-n
		}
	}
	take(r.Canary)
	rest := left
	for _, text := range r.Waves {
		w, _ := ParseWave(text) // valid
		if w.Percent > 0 {
			w.Count = (rest*w.Percent + 99) / 100
		}
		take(w.Count)
	}
	take(left)
	return sizes
}

func (p *problems) rollout(r *Rollout) {
	const at = "spec.rollout"
	for _, f := range []struct {
		name string
		n    int
	}{{"canary", r.Canary}, {"maxUnavailable", r.MaxUnavailable}, {"abortAfter", r.AbortAfter}} {
		if f.n < 0 || f.n > MaxScriptTargets {
			p.add(at+"."+f.name, fmt.Sprintf("%d is out of range", f.n), fmt.Sprintf("1 to %d", MaxScriptTargets))
		}
	}
	p.most(at+".waves", len(r.Waves), MaxWaves)
	for i, text := range r.Waves {
		_, err := ParseWave(text)
		p.check(fmt.Sprintf("%s.waves[%d]", at, i), err, wantWave)
	}
	p.longest(at+".soak", r.Soak, MaxSoak)
}
