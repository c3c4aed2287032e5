// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

func TestEmbedIsPrivate(t *testing.T) {
	cfg := config(t, shortDir(t))
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	store := embedIn(t, cfg)
	defer store.Close()
	err := filepath.WalkDir(cfg.Dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(store.server.etcd.Peers); n != 0 {
		t.Errorf("%d listeners for peers", n)
	}
	if n := len(store.server.etcd.Clients); n != 0 {
		t.Errorf("%d listeners for clients", n)
	}
}

func TestEmbedTwiceIsBusy(t *testing.T) {
	cfg := config(t, shortDir(t))
	first := embedIn(t, cfg)
	_, err := Embed(t.Context(), cfg)
	if !errors.Is(err, kv.ErrBusy) {
		t.Fatalf("error is %v, want busy", err)
	}
	mustPut(t, first, "k", nil)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := embedIn(t, cfg).Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEmbedKeepsAllOverRestart(t *testing.T) {
	cfg := config(t, shortDir(t))
	store := embedIn(t, cfg)
	first := mustPut(t, store, "a", []byte("1"))
	last := mustPut(t, store, "b", []byte("2"))
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = embedIn(t, cfg)
	defer store.Close()
	entries, revision, err := store.List(t.Context(), "")
	if err != nil || len(entries) != 2 || revision != last {
		t.Fatalf("after the restart: %v at %d, %v; want two entries at %d", entries, revision, err, last)
	}
	for batch, err := range store.Watch(t.Context(), "", first) {
		if err != nil || batch.Events[0].Entry.Key != "b" {
			t.Fatalf("history after the restart: %v, %v", batch, err)
		}
		break
	}
}

func TestEmbedRefusesFolders(t *testing.T) {
	dir := shortDir(t)
	file := filepath.Join(filepath.Dir(dir), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", "relative", file, "/proc/none"} {
		if _, err := Embed(t.Context(), config(t, dir)); !errors.Is(err, kv.ErrInvalid) {
			t.Errorf("folder %q: error is %v, want invalid", dir, err)
		}
	}
}

// TestEmbedOnDamagedFiles: etcd itself would panic over them.
func TestEmbedOnDamagedFiles(t *testing.T) {
	cfg := config(t, shortDir(t))
	if err := embedIn(t, cfg).Close(); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(cfg.data(), "member", "snap", "db")
	if err := os.WriteFile(db, []byte(strings.Repeat("damage ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Embed(t.Context(), cfg)
	if !errors.Is(err, kv.ErrInvalid) {
		t.Fatalf("error is %v, want invalid", err)
	}
}

func TestEmbedStartTimeout(t *testing.T) {
	cfg := config(t, shortDir(t))
	cfg.StartTimeout = time.Millisecond
	_, err := Embed(t.Context(), cfg)
	if !errors.Is(err, kv.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error is %v, want unavailable for the deadline", err)
	}
	// What was started is taken down again, and lets the folder go.
	cfg = config(t, cfg.Dir)
	ctx, cancel := within(t)
	defer cancel()
	for {
		store, err := Embed(ctx, cfg)
		if err == nil {
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
			return
		}
		if !errors.Is(err, kv.ErrBusy) {
			t.Fatal(err)
		}
	}
}

// TestQuota fills the data up to the quota, for real.
func TestQuota(t *testing.T) {
	cfg := config(t, shortDir(t))
	cfg.Quota = 4 << 20
	store := embedIn(t, cfg)
	value := make([]byte, 512<<10)
	var err error
	for i := 0; err == nil && i < 100; i++ {
		_, err = store.Txn(t.Context(), kv.Txn{Then: []kv.Op{kv.Put(fmt.Sprintf("k/%d", i), value)}})
	}
	if !errors.Is(err, kv.ErrFull) {
		t.Fatalf("error is %v, want full", err)
	}
	if _, err := store.Get(t.Context(), "k/0"); err != nil {
		t.Fatalf("get from a full store: %v", err)
	}
	if _, err := store.Txn(t.Context(), kv.Txn{Then: []kv.Op{kv.Delete("k/0")}}); err != nil {
		t.Fatalf("delete from a full store: %v", err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	cfg.Quota = 64 << 20
	store = embedIn(t, cfg)
	defer store.Close()
	mustPut(t, store, "after", value) // the alarm went with its reason
}
