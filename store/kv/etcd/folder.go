// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"go.etcd.io/bbolt"

	"github.com/linkspan/linkspan/store/kv"
)

// prepareFolder makes the folder private, takes its lock, checks that there is
// space, and clears what is in the way. Without the lock a second server would
// wait for the files of the first one for ever.
func prepareFolder(cfg ServerConfig, free freeSpace) (lock *os.File, err error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, folderError(cfg, err)
	}
	if err := os.Chmod(cfg.Dir, 0o700); err != nil {
		return nil, folderError(cfg, err)
	}
	lock, err = os.OpenFile(cfg.lock(), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, folderError(cfg, err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = checkSpace(cfg, free)
	}
	if err == nil {
		err = beginBootstrap(cfg)
	}
	if err == nil {
		err = checkData(cfg)
	}
	if err != nil {
		return nil, errors.Join(folderError(cfg, err), lock.Close())
	}
	return lock, nil
}

func checkSpace(cfg ServerConfig, free freeSpace) error {
	left, err := free(cfg.Dir)
	if err != nil {
		return err
	}
	if left < cfg.MinFree {
		err := fmt.Errorf("%d MiB of disk are free, %d MiB are needed to start", left>>20, cfg.MinFree>>20)
		return &kv.Error{Code: kv.Full, Op: "start etcd", Key: cfg.Dir, Err: err}
	}
	return nil
}

// checkData opens the file of the data, if there is one, and closes it again.
// etcd does so on a goroutine of its own and panics there when it cannot.
func checkData(cfg ServerConfig) error {
	path := filepath.Join(cfg.data(), "member", "snap", "db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return fmt.Errorf("data in %s cannot be used: %w", path, err)
	}
	return db.Close()
}

func folderError(cfg ServerConfig, err error) error {
	var coded *kv.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, syscall.EWOULDBLOCK):
		return &kv.Error{Code: kv.Busy, Op: "start etcd", Key: cfg.Dir, Err: errors.New("another process serves this folder")}
	default:
		return &kv.Error{Code: kv.Invalid, Op: "start etcd", Key: cfg.Dir, Err: err}
	}
}
