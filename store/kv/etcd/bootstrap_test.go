// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/storage/wal"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// TestFirstStartCutOff starts on the log of a server that died before it had
// written down its only member.
func TestFirstStartCutOff(t *testing.T) {
	cfg := config(t, shortDir(t))
	if err := os.MkdirAll(filepath.Join(cfg.data(), "member", "snap"), 0o700); err != nil {
		t.Fatal(err)
	}
	metadata, err := proto.Marshal(&etcdserverpb.Metadata{NodeID: proto.Uint64(1), ClusterID: proto.Uint64(1)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := wal.Create(zap.NewNop(), filepath.Join(cfg.data(), "member", "wal"), metadata)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cfg.mark(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := embedIn(t, cfg)
	mustPut(t, store, "k", nil)
	if marked, err := exists(cfg.mark()); marked || err != nil {
		t.Errorf("mark is there: %v, %v, after a start that ended well", marked, err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store = embedIn(t, cfg)
	defer store.Close()
	if _, err := store.Get(t.Context(), "k"); err != nil {
		t.Fatalf("get what was stored before the restart: %v", err)
	}
}
