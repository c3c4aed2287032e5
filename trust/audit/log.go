// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// What is kept if nothing else is said.
const (
	FileSize = 8 << 20 // bytes
	Files    = 16
)

// Options are what a log needs.
type Options struct {
	Dir      string           // made if it is not there, for its owner alone
	FileSize int64            // bytes after which another file begins; 0 is [FileSize]
	Files    int              // how many are kept, at least 2; 0 is [Files]
	Now      func() time.Time // time.Now if nil
	// Written is called with each record that was written, by the goroutine that appended
	// it, in order; nil: nobody is told. It must not append.
	Written func(Record)
}

// Log is a log that one process writes. Its methods may be called by any number of
// goroutines.
type Log struct {
	options Options
	lock    *os.File

	mu   sync.Mutex
	last Record
	file *os.File
	size int64 // of what is written whole
	torn bool  // a write did not succeed: what is behind size is to be cut off
	lost error // why it could not be gone on with; tried again by Append

	anchor atomic.Pointer[Anchor] // of last, for those who do not wait for the disk
}

// Open goes on with a log, or begins one. What is not readable at its end is moved to a
// file of its own, and a record says so. On a disk that is full, or does not work, the log
// is opened all the same and Append tries again. The error is InUse while another
// process writes the log.
func Open(o Options) (*Log, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.FileSize == 0 {
		o.FileSize = FileSize
	}
	if o.Files == 0 {
		o.Files = Files
	}
	o.Files = max(o.Files, 2)
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := holdLock(filepath.Join(o.Dir, "lock"))
	if err != nil {
		return nil, err
	}
	l := &Log{options: o, lock: lock}
	l.lost = l.resume()
	return l, nil
}

// holdLock takes the lock that ends with the process.
func holdLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, unix.EWOULDBLOCK) {
		err = &linkspan.Error{Code: linkspan.InUse, Message: "another process writes the audit log in " + filepath.Dir(path), Hint: "end that one first"}
	}
	return nil, errors.Join(err, f.Close())
}

// resume finds the last record, and opens the newest file.
func (l *Log) resume() error {
	if l.file != nil { // of an attempt before
		if err := l.file.Close(); err != nil {
			return err
		}
		l.file = nil
	}
	all, err := files(l.options.Dir)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return l.begin(1)
	}
	newest, err := readTail(all[len(all)-1].path)
	if err != nil {
		return err
	}
	l.last, l.size = newest.last, newest.size
	for i := len(all) - 2; i >= 0 && l.last.Number == 0; i-- {
		before, err := readTail(all[i].path)
		if err != nil {
			return err
		}
		l.last = before.last
	}
	l.told()
	if l.file, err = os.OpenFile(all[len(all)-1].path, os.O_WRONLY, 0); err != nil || len(newest.cut) == 0 {
		return err
	}
	return l.repair(newest.cut)
}

// repair takes away what is not readable at the end, keeps it, and says so.
func (l *Log) repair(cut []byte) error {
	name := fmt.Sprintf("%s%020d", cutPrefix, l.last.Number+1)
	path := filepath.Join(l.options.Dir, name)
	if err := writeFile(path, cut); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	if err := dropCut(l.options.Dir); err != nil {
		return err
	}
	if err := l.mend(); err != nil {
		return err
	}
	_, err := l.append(Entry{Kind: Cut, Text: fmt.Sprintf("%d bytes at the end were no record and are in %s", len(cut), name)})
	return err
}

func writeFile(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
}

// Of what was no record at the end of the log the newest files are kept.
const (
	cutPrefix = "cut-"
	cutFiles  = 8
)

// dropCut removes the oldest of what was cut off.
func dropCut(dir string) error {
	all, err := filepath.Glob(filepath.Join(dir, cutPrefix+"*")) // in order
	if err != nil {
		return err
	}
	for _, path := range all[:max(len(all)-cutFiles, 0)] {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// begin opens a new file, whose first record will have the number.
func (l *Log) begin(number uint64) error {
	path := filepath.Join(l.options.Dir, fileName(number))
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := syncDir(l.options.Dir); err != nil {
		return errors.Join(err, f.Close())
	}
	old := l.file
	l.file, l.size, l.torn = f, 0, false
	if old != nil {
		return old.Close()
	}
	return nil
}

// mend cuts off what was not written whole.
func (l *Log) mend() error {
	if err := l.file.Truncate(l.size); err != nil {
		return err
	}
	if err := l.file.Sync(); err != nil {
		return err
	}
	l.torn = false
	return nil
}

// Append writes an entry down and returns when it would outlast a loss of power. On
// an error nothing was written: whatever must not be done without being written down
// must not be done then.
func (l *Log) Append(e Entry) (Record, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		return Record{}, &linkspan.Error{Code: linkspan.Unavailable, Message: "the audit log is closed"}
	}
	if l.lost != nil {
		l.lost = l.resume()
	}
	r, err := Record{}, l.lost
	if err == nil {
		r, err = l.append(e.bounded())
	}
	if err != nil {
		return Record{}, fmt.Errorf("write the audit log in %s: %w", l.options.Dir, err)
	}
	return r, nil
}

// append is called with mu held, or before anybody else has the log.
func (l *Log) append(e Entry) (Record, error) {
	if err := l.rotate(); err != nil {
		return Record{}, err
	}
	return l.write(e)
}

func (l *Log) write(e Entry) (Record, error) {
	if l.torn {
		if err := l.mend(); err != nil {
			return Record{}, err
		}
	}
	r := Record{Number: l.last.Number + 1, Time: l.options.Now().UTC(), Entry: e, Before: l.last.Hash}
	line, err := r.line()
	if err != nil {
		return r, err
	}
	l.torn = true
	if _, err := l.file.WriteAt(line, l.size); err != nil {
		return r, errors.Join(err, l.mend())
	}
	if err := unix.Fdatasync(int(l.file.Fd())); err != nil {
		return r, errors.Join(err, l.mend())
	}
	l.last, l.size, l.torn = r, l.size+int64(len(line)), false
	l.told()
	if l.options.Written != nil {
		l.options.Written(r)
	}
	return r, nil
}

// told has everybody know which record is the last.
func (l *Log) told() {
	a := l.last.Anchor()
	l.anchor.Store(&a)
}

// Last returns what holds the log to its last record. It does not wait for the disk.
func (l *Log) Last() Anchor {
	if a := l.anchor.Load(); a != nil {
		return *a
	}
	return Anchor{}
}

// Dir returns the folder.
func (l *Log) Dir() string { return l.options.Dir }

// Close ends the writing. It may be called twice.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var err error
	if l.file != nil {
		err = l.file.Close()
		l.file = nil
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
		l.lock = nil
	}
	return err
}
