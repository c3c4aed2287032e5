// SPDX-License-Identifier: Apache-2.0

package bbolt_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/bbolt"
)

func TestFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "switch.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	defer open(t, path).Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Fatalf("mode is %o, want 600", mode)
	}
}

func TestFileHeldByAnother(t *testing.T) {
	path := filepath.Join(t.TempDir(), "switch.db")
	first := open(t, path)
	defer first.Close()
	_, err := bbolt.Open(path)
	if !errors.Is(err, kv.ErrBusy) {
		t.Fatalf("error is %v, want busy", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := bbolt.Open(filepath.Join(dir, "missing", "switch.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
	if _, err := bbolt.Open(dir); err == nil {
		t.Error("a folder was opened as a file")
	}
	path := filepath.Join(dir, "text")
	if err := os.WriteFile(path, make([]byte, 1<<16), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bbolt.Open(path); !errors.Is(err, kv.ErrInvalid) {
		t.Errorf("a file of something else: %v", err)
	}
}

func TestReopenKeepsEntriesAndRevision(t *testing.T) {
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "switch.db")
	store := open(t, path)
	_, beginning, err := store.List(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	last, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put("k", []byte("v"))}})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}

	store = open(t, path)
	defer store.Close()
	entries, revision, err := store.List(ctx, "")
	if err != nil || len(entries) != 1 || entries[0].Revision != last || revision != last {
		t.Fatalf("after reopening: %v at %d, %v; want one entry at %d", entries, revision, err, last)
	}
	for _, err := range store.Watch(ctx, "", beginning) {
		if !errors.Is(err, kv.ErrCompacted) {
			t.Fatalf("watch from before the reopening: %v, want compacted", err)
		}
	}
	next, err := store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete("k")}})
	if err != nil || next <= last {
		t.Fatalf("next revision is %d, %v; the last one was %d", next, err, last)
	}
	for batch, err := range store.Watch(ctx, "", last) {
		if err != nil || batch.Events[0].Kind != kv.Deleted {
			t.Fatalf("watch from the reopening: %v, %v", batch, err)
		}
		break
	}
}
