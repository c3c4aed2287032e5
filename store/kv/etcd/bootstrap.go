// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A server that dies in its very first start, before it has written down that
// it is the only member, leaves a log with no member in it. Started on that,
// etcd waits for an election that nobody can win. So a mark stands in the
// folder for as long as the first start lasts, and what is found beside a mark
// is thrown away: nobody was ever told that anything in it was stored.

// beginBootstrap clears what an unfinished first start left, and marks the
// folder if this start is the first one.
func beginBootstrap(cfg ServerConfig) error {
	unfinished, err := exists(cfg.mark())
	if err != nil {
		return err
	}
	if unfinished {
		if err := os.RemoveAll(cfg.data()); err != nil {
			return err
		}
	}
	served, err := exists(filepath.Join(cfg.data(), "member"))
	if err != nil || served {
		return err
	}
	mark, err := os.OpenFile(cfg.mark(), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(mark.Sync(), mark.Close(), syncFolder(cfg.Dir))
}

// endBootstrap takes the mark away, for good, before anything is stored.
func endBootstrap(cfg ServerConfig) error {
	err := os.Remove(cfg.mark())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("end the first start: %w", err)
	}
	return syncFolder(cfg.Dir)
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func syncFolder(path string) error {
	folder, err := os.Open(filepath.Clean(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
