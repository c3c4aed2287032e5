// SPDX-License-Identifier: Apache-2.0

package system

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// kept is what files were before the configuration said something of them, on disk
// before they are written.
type kept struct {
	file   string // empty: it does not outlive the process
	before map[string]content
}

func openKept(file string) (*kept, error) {
	k := &kept{file, map[string]content{}}
	if file == "" {
		return k, nil
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &k.before)
	}
	if err != nil {
		return nil, fmt.Errorf("what files of the system were before: %w", err)
	}
	return k, nil
}

// keep notes what a file is, if that is not known.
func (k *kept) keep(file string, is content) error {
	if _, known := k.before[file]; known {
		return nil
	}
	k.before[file] = is
	return k.save()
}

// of returns what is known of a file that is to be given back, nil if nothing is.
func (k *kept) of(c change) *content {
	before, known := k.before[c.file]
	if c.want != nil || !known {
		return nil
	}
	return &before
}

// forget is called when the file is as it was.
func (k *kept) forget(file string) error {
	if _, known := k.before[file]; !known {
		return nil
	}
	delete(k.before, file)
	return k.save()
}

func (k *kept) save() error {
	if k.file == "" {
		return nil
	}
	text, err := json.Marshal(k.before)
	if err != nil {
		return err
	}
	beside := k.file + ".new"
	if err := os.Remove(beside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := synced(beside, string(text)); err != nil {
		return err
	}
	return os.Rename(beside, k.file)
}
