// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// Limit is how many records are listed if nothing else is said.
const Limit = 100

// Filter says which records are wanted. The zero value wants the last [Limit] of all.
type Filter struct {
	Kinds []Kind    // of one of these; all if there is none
	Who   string    // of this user; of all if empty
	Text  string    // with this in its text; any if empty
	Since time.Time // not before
	Limit int       // at most so many, the newest; 0 is [Limit]
}

func (f Filter) wants(r Record) bool {
	return (len(f.Kinds) == 0 || slices.Contains(f.Kinds, r.Kind)) && (f.Who == "" || f.Who == r.Who) &&
		strings.Contains(r.Text, f.Text) && !r.Time.Before(f.Since)
}

// List returns the newest records that a filter wants, the oldest of them first. It may
// be called while a log is written. What is not readable is left out: see [Verify].
func List(dir string, f Filter) ([]Record, error) {
	if f.Limit <= 0 {
		f.Limit = Limit
	}
	all, err := files(dir)
	if err != nil {
		return nil, err
	}
	var found []Record // the newest first
	for _, one := range slices.Backward(all) {
		text, err := os.ReadFile(one.path)
		if errors.Is(err, fs.ErrNotExist) {
			break // it was removed meanwhile, and those before it
		}
		if err != nil {
			return nil, err
		}
		var wanted []Record
		lines(text, func(r Record, err error, _, _ int) bool {
			if err == nil && f.wants(r) {
				wanted = append(wanted, r)
			}
			return true
		})
		slices.Reverse(wanted)
		if found = append(found, wanted...); len(found) >= f.Limit {
			found = found[:f.Limit]
			break
		}
	}
	slices.Reverse(found)
	return found, nil
}
