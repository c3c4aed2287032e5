// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"slices"
	"strings"
	"time"
)

// weekdays are the names of days in a window, in the order of [time.Weekday].
func weekdays() []string { return []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// Times of a window.
const (
	wantTime = "HH:MM, as in 02:30"
	wantZone = "a name of the IANA time zone database, as in UTC or Europe/Berlin"
)

// Open says whether the window is open at a time. The error, of code Invalid, is that of a window
// that is not valid, or whose time zone this machine does not know.
func (w *Window) Open(at time.Time) (bool, error) {
	start, end, err := w.around(at)
	return err == nil && !at.Before(start) && at.Before(end), err
}

// Next returns when the window opens next: at itself where it is open then.
func (w *Window) Next(at time.Time) (time.Time, error) {
	start, _, err := w.around(at)
	return latest(start, at), err
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// around returns the first opening of the window that ends after a time.
func (w *Window) around(at time.Time) (start, end time.Time, err error) {
	zone, from, to, err := w.parse()
	if err != nil {
		return start, end, err
	}
	y, m, d := at.In(zone).Date()
	for days := -1; days <= 8; days++ { // the one of yesterday may end today
		start = time.Date(y, m, d+days, from.Hour(), from.Minute(), 0, 0, zone)
		end = time.Date(y, m, d+days, to.Hour(), to.Minute(), 0, 0, zone)
		if !to.After(from) {
			end = time.Date(y, m, d+days+1, to.Hour(), to.Minute(), 0, 0, zone)
		}
		if w.on(start.Weekday()) && end.After(at) {
			return start, end, nil
		}
	}
	return start, end, invalid("the window never opens")
}

// on says whether the window opens on a day.
func (w *Window) on(day time.Weekday) bool {
	return len(w.Days) == 0 || slices.Contains(w.Days, weekdays()[day])
}

func (w *Window) parse() (zone *time.Location, from, to time.Time, err error) {
	if zone, err = timeZone(w.TimeZone); err != nil {
		return zone, from, to, err
	}
	if from, err = parseClock(w.From); err != nil {
		return zone, from, to, err
	}
	to, err = parseClock(w.To)
	return zone, from, to, err
}

func parseClock(s string) (time.Time, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || t.Format("15:04") != s {
		return t, &Error{Code: Invalid, Message: "time " + quote(s) + " is not understood", Hint: "write " + wantTime}
	}
	return t, nil
}

func timeZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, &Error{Code: Invalid, Message: "time zone " + quote(name) + " is not known", Hint: "write " + wantZone + "; the Debian package tzdata has them"}
	}
	return zone, nil
}

func (p *problems) window(w *Window) {
	const at = "spec.window"
	for i, day := range w.Days {
		if !slices.Contains(weekdays(), day) || slices.Index(w.Days, day) < i {
			p.add(at+".days", "day "+quote(day)+" is not known, or there twice", "some of "+strings.Join(weekdays(), ", "))
		}
	}
	_, err := parseClock(w.From)
	p.check(at+".from", err, wantTime)
	_, err = parseClock(w.To)
	p.check(at+".to", err, wantTime)
	if w.From == w.To && err == nil {
		p.add(at+".to", "the window ends when it begins", "another time, or no window")
	}
	_, err = timeZone(w.TimeZone)
	p.check(at+".timezone", err, wantZone)
}
