// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
	"go.etcd.io/etcd/api/v3/mvccpb"
	"google.golang.org/protobuf/proto"
)

// TestWeighsWhatIsThere: of a file as etcd writes it, the last value of every key
// that was not deleted counts.
func TestWeighsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		revisions, err := tx.CreateBucket([]byte("key"))
		if err != nil {
			return err
		}
		for i, r := range []struct {
			key, value string
			gone       bool
		}{{"a", "1", false}, {"a", "12345", false}, {"b", "1", false}, {"b", "", true}, {"c", "", true}, {"c", "again", false}, {"d/e", "x", false}} {
			revision := append(binary.BigEndian.AppendUint64(nil, uint64(i+2)), '_')
			revision = binary.BigEndian.AppendUint64(revision, 0)
			if r.gone {
				revision = append(revision, tombstone)
			}
			value, err := proto.Marshal(&mvccpb.KeyValue{Key: []byte(r.key), Value: []byte(r.value)})
			if err != nil {
				return err
			}
			if err := revisions.Put(revision, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var w weight
	if err := w.read(path); err != nil {
		t.Fatal(err)
	}
	if w.Records != 3 || w.Data != 6+6+4 || w.Used <= 0 {
		t.Errorf("it weighs %+v", w)
	}
	if n, err := onDisk(filepath.Dir(path)); err != nil || n < w.Used {
		t.Errorf("on the disk there are %d bytes, %d of them in use: %v", n, w.Used, err)
	}
}
