// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// weight is what a controller's store takes.
type weight struct {
	Records int   `json:"records"`
	Data    int64 `json:"data_bytes"` // keys and values of the records
	Used    int64 `json:"used_bytes"` // of etcd's file, with what the records were in the last minutes
	Disk    int64 `json:"disk_bytes"` // all files, with etcd's log, which takes 64 MB at a time
}

// weigh returns a step that notes what the store takes. The controller stands
// still meanwhile.
func (s *stage) weigh(w *weight) func(context.Context) error {
	return func(context.Context) error {
		copied := filepath.Join(s.controller.Dir, "store.copy")
		defer os.Remove(copied)
		err := s.controller.Process.Frozen(func() (err error) {
			if w.Disk, err = onDisk(s.store()); err != nil {
				return err
			}
			return copyFile(copied, filepath.Join(s.store(), "data", "member", "snap", "db"))
		})
		if err != nil {
			return err
		}
		return w.read(copied)
	}
}

// store is the folder of the embedded etcd.
func (s *stage) store() string { return filepath.Join(s.controller.Dir, "state", "etcd") }

// onDisk returns what the files of a folder take on the disk.
func onDisk(dir string) (bytes int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			bytes += stat.Blocks * 512 // stat(2)
		}
		return nil
	})
	return bytes, err
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// read looks into a copy of etcd's file.
func (w *weight) read(path string) error {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		return err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		w.Used = tx.Size() - int64(db.Stats().FreePageN)*int64(db.Info().PageSize)
		revisions := tx.Bucket([]byte("key"))
		if revisions == nil {
			return errors.New("the store has no records")
		}
		return w.count(revisions)
	})
	return errors.Join(err, db.Close())
}

// tombstone ends the revision of a deletion; other revisions have 17 bytes.
const tombstone, revisionSize = 't', 8 + 1 + 8

// count counts the last revision of every key that is there.
func (w *weight) count(revisions *bbolt.Bucket) error {
	sizes := make(map[string]int)
	err := revisions.ForEach(func(revision, value []byte) error { // the oldest first
		var record mvccpb.KeyValue
		if err := proto.Unmarshal(value, &record); err != nil {
			return fmt.Errorf("revision %x of the store: %w", revision, err)
		}
		if len(revision) > revisionSize && revision[revisionSize] == tombstone {
			delete(sizes, string(record.GetKey()))
		} else {
			sizes[string(record.GetKey())] = len(record.GetKey()) + len(record.GetValue())
		}
		return nil
	})
	w.Records = len(sizes)
	for _, n := range sizes {
		w.Data += int64(n)
	}
	return err
}
