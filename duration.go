// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"strings"
	"time"
)

// Duration is a length of time as people write it, in text and JSON alike: 500ms, 30s, 1h30m.
// It is never negative.
type Duration time.Duration

// MaxDuration is the longest that may be written: ten years of 365 days.
const MaxDuration = Duration(10 * 365 * 24 * time.Hour)

// WantDuration says how one is written.
const WantDuration = "a number with its unit, as in 500ms, 30s, 5m or 1h30m"

// ParseDuration reads the form of [time.ParseDuration], from 0 to [MaxDuration]. Errors have code
// Invalid.
func ParseDuration(s string) (Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > time.Duration(MaxDuration) {
		return 0, &Error{Code: Invalid, Message: "duration " + quote(s) + " is not understood", Hint: "write " + WantDuration}
	}
	return Duration(d), nil
}

// Or returns d, and other where d is 0: what is meant when nothing is said.
func (d Duration) Or(other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return time.Duration(d)
}

// String returns the shortest form that [ParseDuration] reads: 1h and not 1h0m0s.
func (d Duration) String() string {
	s := time.Duration(d).String()
	if short, ok := strings.CutSuffix(s, "m0s"); ok {
		s = short + "m"
	}
	if short, ok := strings.CutSuffix(s, "h0m"); ok {
		s = short + "h"
	}
	return s
}

// MarshalText writes the form of String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads it.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	*d = v
	return err
}
