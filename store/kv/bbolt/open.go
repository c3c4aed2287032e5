// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/internal/history"
)

// openTimeout is how long Open waits for another process to let go of the
// file: long enough for one that is being replaced.
const openTimeout = 3 * time.Second

// The file: bucket "meta" has the format under "format" and the revision of
// the store under "revision", both big endian; bucket "entries" has each key
// with its revision, 8 bytes big endian, and its value after that.
const (
	bucketMeta    = "meta"
	bucketEntries = "entries"
	keyFormat     = "format"
	keyRevision   = "revision"
	format        = 1
)

// Open opens the store in a file and makes the file, with mode 0600, if it
// does not exist; its folder must exist. The error is [kv.ErrBusy] when
// another process holds it for longer than 3 s, and [kv.ErrInvalid] when the
// file is of a later format or no store at all.
func Open(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout:      openTimeout,
		FreelistType: bbolt.FreelistMapType,
		NoStatistics: true,
	})
	if err != nil {
		return nil, openError(path, err)
	}
	revision, err := prepare(db, path)
	if err != nil {
		return nil, errors.Join(openError(path, err), db.Close())
	}
	s := &Store{
		db:       db,
		log:      history.New(revision),
		requests: make(chan *request),
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go s.commitLoop()
	return s, nil
}

// prepare makes what is missing and returns the revision of the store.
func prepare(db *bbolt.DB, path string) (revision uint64, err error) {
	if err := os.Chmod(path, 0o600); err != nil {
		return 0, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket([]byte(bucketMeta)) == nil {
			if err := create(tx); err != nil {
				return err
			}
		}
		meta := tx.Bucket([]byte(bucketMeta))
		if got := readUint64(meta, keyFormat); got != format || tx.Bucket([]byte(bucketEntries)) == nil {
			return &kv.Error{Code: kv.Invalid, Op: "open", Key: path, Err: fmt.Errorf("file has format %d, this program knows %d", got, format)}
		}
		revision = readUint64(meta, keyRevision)
		return nil
	})
	if err != nil {
		return 0, err
	}
	return revision, syncFolder(filepath.Dir(path))
}

func create(tx *bbolt.Tx) error {
	meta, err := tx.CreateBucket([]byte(bucketMeta))
	if err != nil {
		return err
	}
	if _, err := tx.CreateBucket([]byte(bucketEntries)); err != nil {
		return err
	}
	if err := writeUint64(meta, keyFormat, format); err != nil {
		return err
	}
	return writeUint64(meta, keyRevision, 1)
}

// syncFolder makes sure that the name of a new file survives a power cut.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

func openError(path string, err error) error {
	var coded *kv.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, bbolterrors.ErrTimeout):
		return &kv.Error{Code: kv.Busy, Op: "open", Key: path, Err: errors.New("another process holds the file")}
	case errors.Is(err, bbolterrors.ErrInvalid), errors.Is(err, bbolterrors.ErrVersionMismatch), errors.Is(err, bbolterrors.ErrChecksum):
		return &kv.Error{Code: kv.Invalid, Op: "open", Key: path, Err: err}
	default:
		return fmt.Errorf("open store %s: %w", path, err)
	}
}

func readUint64(bucket *bbolt.Bucket, key string) uint64 {
	raw := bucket.Get([]byte(key))
	if len(raw) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(raw)
}

func writeUint64(bucket *bbolt.Bucket, key string, value uint64) error {
	return bucket.Put([]byte(key), binary.BigEndian.AppendUint64(nil, value))
}
