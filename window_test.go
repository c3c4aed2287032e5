// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"testing"
	"time"
)

func TestWindow(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	weekend := Window{Days: []string{"sat"}, From: "22:00", To: "02:00"}
	daily := Window{From: "01:00", To: "01:30"}
	for _, c := range []struct {
		w        Window
		at, next string // the same: it is open
	}{
		{weekend, "2026-11-21T22:00:00Z", "2026-11-21T22:00:00Z"}, // a Saturday
		{weekend, "2026-11-22T01:59:59Z", "2026-11-22T01:59:59Z"},
		{weekend, "2026-11-22T02:00:00Z", "2026-11-28T22:00:00Z"},
		{weekend, "2026-11-21T21:59:59Z", "2026-11-21T22:00:00Z"},
		{weekend, "2026-11-22T22:30:00Z", "2026-11-28T22:00:00Z"},
		{daily, "2026-11-22T01:29:00Z", "2026-11-22T01:29:00Z"},
		{daily, "2026-11-22T01:30:00Z", "2026-11-23T01:00:00Z"},
	} {
		open, err := c.w.Open(at(c.at))
		next, nextErr := c.w.Next(at(c.at))
		if err != nil || nextErr != nil || open != (c.at == c.next) || !next.Equal(at(c.next)) {
			t.Errorf("%+v at %s: open %t, next %s, %v, %v", c.w, c.at, open, next, err, nextErr)
		}
	}
	never := Window{Days: []string{"x"}, From: "01:00", To: "02:00"}
	if _, err := never.Next(at("2026-11-22T01:30:00Z")); CodeOf(err) != Invalid {
		t.Error(err)
	}
}

func TestWindowInAZone(t *testing.T) {
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		t.Skip("this machine has no time zones (Debian package tzdata): ", err)
	}
	w := Window{From: "02:15", To: "02:45", TimeZone: "Europe/Berlin"} // on the last Sunday of March there is no such time
	for day := 27; day < 31; day++ {
		at := time.Date(2027, 3, day, 12, 0, 0, 0, time.UTC)
		next, err := w.Next(at)
		if err != nil || next.Sub(at) > 24*time.Hour || next.Before(at) {
			t.Errorf("after %s it opens %s, %v", at, next, err)
		}
	}
}
