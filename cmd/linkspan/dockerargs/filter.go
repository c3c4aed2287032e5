// SPDX-License-Identifier: Apache-2.0

package dockerargs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// Filters are the values that were given for each name, none of them empty.
type Filters map[string][]string

// Network is what a filter asks about.
type Network struct {
	ID, Name, Driver, Scope string
	Labels                  map[string]string
	Builtin                 bool // one of Docker's own
	Used                    bool // something is attached
	Created                 time.Time
}

// ParseFilters reads filters as name=value, each one of the known names. The
// error has code Invalid.
func ParseFilters(given []string, known ...string) (Filters, error) {
	f := make(Filters)
	for _, text := range given {
		if text == "" {
			continue
		}
		name, value, found := strings.Cut(text, "=")
		if strings.HasSuffix(name, "!") && slices.Contains(known, strings.ToLower(strings.TrimSpace(name))) {
			name = strings.TrimSpace(name)
		}
		if !found {
			return nil, invalid("bad format of filter (expected name=value)", "as in --filter name=web")
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if !slices.Contains(known, name) {
			return nil, invalid("invalid filter '"+name+"'", "the filters are "+strings.Join(known, ", "))
		}
		f[name] = append(f[name], value)
	}
	return f, f.check()
}

// check refuses values that a filter cannot have.
func (f Filters) check() error {
	for _, v := range f["type"] {
		if v != "custom" && v != "builtin" {
			return wrongValue("type", v, "custom or builtin")
		}
	}
	for _, v := range f["dangling"] {
		if _, err := strconv.ParseBool(v); err != nil {
			return wrongValue("dangling", v, "true or false")
		}
	}
	if len(f["dangling"]) > 1 {
		return wrongValue("dangling", strings.Join(f["dangling"], " "), "true or false")
	}
	if len(f["until"]) > 1 {
		return invalid("more than one until filter specified", "give one")
	}
	for _, v := range f["until"] {
		if _, err := until(v, time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

func wrongValue(name, value, may string) error {
	return invalid(fmt.Sprintf("invalid filter '%s=[%s]'", name, value), "it may be "+may)
}

// Match says whether a network passes: of the values for one name one, of
// labels all.
func (f Filters) Match(n Network) bool {
	return f.similar("id", n.ID) && f.similar("name", n.Name) && f.exact("driver", n.Driver) && f.exact("scope", n.Scope) &&
		f.labels("label", n.Labels, true) && f.labels("label!", n.Labels, false) && f.kind(n) && f.dangling(n)
}

// similar takes a value for a regular expression, as Docker does for names and
// ids.
func (f Filters) similar(name, text string) bool {
	values := f[name]
	return len(values) == 0 || slices.ContainsFunc(values, func(v string) bool {
		matched, err := regexp.MatchString(v, text)
		return v == text || err == nil && matched
	})
}

func (f Filters) exact(name, text string) bool {
	return len(f[name]) == 0 || slices.Contains(f[name], text)
}

func (f Filters) labels(name string, labels map[string]string, wanted bool) bool {
	for _, v := range f[name] {
		key, value, withValue := strings.Cut(v, "=")
		has, ok := labels[key]
		if (ok && (!withValue || has == value)) != wanted {
			return false
		}
	}
	return true
}

func (f Filters) kind(n Network) bool {
	kind := "custom"
	if n.Builtin {
		kind = "builtin"
	}
	return f.exact("type", kind)
}

func (f Filters) dangling(n Network) bool {
	for _, v := range f["dangling"] {
		free, _ := strconv.ParseBool(v) // it was checked
		return free == (!n.Used && !n.Builtin)
	}
	return true
}

// Before says whether a network was created before the time of the filter
// until, if there is one.
func (f Filters) Before(n Network, now time.Time) bool {
	for _, v := range f["until"] {
		at, _ := until(v, now) // it was checked
		return n.Created.Before(at)
	}
	return true
}

// until reads a time, or a duration that it is ago.
func until(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, invalid(fmt.Sprintf("invalid filter 'until=[%s]'", text), "give a time as 2026-11-22T10:00:00, or as 24h")
}

func invalid(message, hint string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message, Hint: hint}
}
