// SPDX-License-Identifier: Apache-2.0

package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// Names of files.
const (
	currentFile    = "current"
	revisionPrefix = "revision-"
	newSuffix      = ".new" // of a file that is being written
)

// current says which revision runs. It is the one file whose change commits.
type current struct {
	Revision  int       `json:"revision"`
	Confirmed int       `json:"confirmed"`         // the revision to return to; the same if nothing is to be confirmed
	Deadline  time.Time `json:"deadline,omitzero"` // when it returns
	Boot      string    `json:"boot,omitempty"`    // in which start of the machine it was committed
	By        Author    `json:"by,omitzero"`       // who committed what is to be confirmed
}

func (c current) pending() bool { return c.Revision != c.Confirmed }

// book is the revisions on disk.
type book struct {
	disk    Disk
	keep    int
	current current
	kept    []Revision // those whose files can be read, rising
	floor   int        // no revision gets this number or a lower one
}

func revisionFile(number int) string { return fmt.Sprintf("%s%08d", revisionPrefix, number) }

// openBook reads what is on disk, and removes what a commit that was cut off left
// there. Damage says what cannot be read.
func openBook(disk Disk, keep int) (b *book, damage, err error) {
	b = &book{disk: disk, keep: keep}
	names, err := disk.List()
	if err != nil {
		return nil, nil, fmt.Errorf("list revisions: %w", err)
	}
	text, err := disk.Read(currentFile)
	lost := false
	switch {
	case errors.Is(err, fs.ErrNotExist): // nothing was ever committed, but for the first one that was cut off
		if n := newest(names); n > 1 {
			damage, lost = fmt.Errorf("file %s: it is missing, and there are revisions up to %d: %w", currentFile, n, errDamaged), true
		}
	case err != nil:
		return nil, nil, fmt.Errorf("read which revision is current: %w", err)
	default:
		if err := json.Unmarshal(text, &b.current); err != nil {
			damage, lost = fmt.Errorf("file %s: %w: %w", currentFile, errDamaged, err), true
		}
	}
	slices.Sort(names)
	for _, name := range names {
		damage = errors.Join(damage, b.look(name, lost))
	}
	if lost {
		b.guess()
	}
	return b, damage, nil
}

// newest returns the greatest number that a revision's file has, 0 if there is none.
func newest(names []string) (most int) {
	for _, name := range names {
		if n, ok := numberOf(name); ok {
			most = max(most, n)
		}
	}
	return most
}

// numberOf returns which revision's file has that name.
func numberOf(name string) (number int, ok bool) {
	n, _ := fmt.Sscanf(name, revisionPrefix+"%d", &number)
	return number, n == 1 && name == revisionFile(number)
}

// look looks at one file.
func (b *book) look(name string, lost bool) error {
	if strings.HasSuffix(name, newSuffix) {
		return b.disk.Remove(name)
	}
	number, ok := numberOf(name)
	if !ok {
		return nil // somebody else's
	}
	if number > b.current.Revision && !lost { // it was never committed
		return b.disk.Remove(name)
	}
	r, _, err := b.read(number)
	if err != nil {
		return fmt.Errorf("revision %d: %w", number, err)
	}
	b.kept = append(b.kept, r)
	return nil
}

// guess takes the newest revision that did not have to be confirmed for the current one.
func (b *book) guess() {
	for _, r := range slices.Backward(b.kept) {
		if r.Confirm == 0 {
			b.current = current{Revision: r.Number, Confirmed: r.Number}
			return
		}
	}
}

func (b *book) read(number int) (Revision, []byte, error) {
	file, err := b.disk.Read(revisionFile(number))
	if err != nil {
		return Revision{}, nil, err
	}
	r, commands, err := decodeRevision(file)
	if err == nil && r.Number != number {
		err = fmt.Errorf("%w: it is revision %d", errDamaged, r.Number)
	}
	return r, commands, err
}

// next returns the number of the next revision.
func (b *book) next() int {
	n := max(b.current.Revision, b.floor)
	if len(b.kept) > 0 {
		n = max(n, b.kept[len(b.kept)-1].Number)
	}
	return n + 1
}

// write writes a file so that after a loss of power it is the old or the new one.
func (b *book) write(name string, data []byte) error {
	if err := b.disk.Write(name+newSuffix, data); err != nil {
		return errors.Join(err, b.disk.Remove(name+newSuffix))
	}
	if err := b.disk.Rename(name+newSuffix, name); err != nil {
		return err
	}
	return b.disk.Sync()
}

// add writes a revision's file, which is not current yet.
func (b *book) add(r Revision, commands []byte) error {
	file, err := r.encode(commands)
	if err != nil {
		return err
	}
	return b.write(revisionFile(r.Number), file)
}

// drop removes the file of a revision that did not become current.
func (b *book) drop(number int) error { return b.disk.Remove(revisionFile(number)) }

// point writes down that a revision is current. On an error the one before still is, if the
// disk does anything at all.
func (b *book) point(c current) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	if err := b.write(currentFile, text); err != nil {
		return errors.Join(err, b.again())
	}
	return nil
}

// again writes down once more which revision is current, after a write that may
// or may not have happened.
func (b *book) again() error {
	if b.current.Revision == 0 {
		if err := b.disk.Remove(currentFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return b.disk.Sync()
	}
	text, err := json.Marshal(b.current)
	if err != nil {
		return err
	}
	return b.write(currentFile, text)
}

// enter enters a revision that is current from now on, and returns those that are too old.
func (b *book) enter(c current, r Revision) (old []int) {
	b.current = c
	b.kept = append(b.kept, r)
	for len(b.kept) > b.keep {
		oldest := b.kept[0].Number
		if oldest == b.current.Revision || oldest == b.current.Confirmed {
			break
		}
		old, b.kept = append(old, oldest), b.kept[1:]
	}
	return old
}
