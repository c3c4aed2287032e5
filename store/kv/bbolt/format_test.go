// SPDX-License-Identifier: Apache-2.0

package bbolt

import (
	"errors"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/linkspan/linkspan/store/kv"
)

func TestLaterFormatIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "switch.db")
	store, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	err = store.db.Update(func(tx *bbolt.Tx) error {
		return writeUint64(tx.Bucket([]byte(bucketMeta)), keyFormat, format+1)
	})
	if err := errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); !errors.Is(err, kv.ErrInvalid) {
		t.Fatalf("error is %v, want invalid", err)
	}
}

func FuzzDecodeRecord(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 7))
	f.Add(encodeRecord(1, nil))
	f.Add(encodeRecord(1<<64-1, []byte("value")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		entry, err := decodeRecord([]byte("k"), raw)
		if err != nil {
			return
		}
		if again := encodeRecord(entry.Revision, entry.Value); string(again) != string(raw) {
			t.Fatalf("%x became %x", raw, again)
		}
	})
}
