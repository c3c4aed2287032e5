// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/linkspan/linkspan/store/kv"
	"github.com/linkspan/linkspan/store/kv/kvtest"
)

func TestConformanceEmbedded(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return embedNew(t) })
}

func TestConformanceDialled(t *testing.T) {
	kvtest.Run(t, func(t *testing.T) kv.Store { return dial(t, serve(t, shortDir(t))) })
}

func BenchmarkEmbedded(b *testing.B) {
	kvtest.Bench(b, func(b *testing.B) kv.Store { return embedNew(b) })
}

func BenchmarkDialled(b *testing.B) {
	kvtest.Bench(b, func(b *testing.B) kv.Store { return dial(b, serve(b, shortDir(b))) })
}

// serve runs a server that listens on a unix socket, in place of an external
// cluster, until the test ends.
func serve(t testing.TB, dir string) (endpoint string) {
	t.Helper()
	endpoint, stop := serveUntil(t, dir)
	t.Cleanup(stop)
	return endpoint
}

func serveUntil(t testing.TB, dir string) (endpoint string, stop func()) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	cfg := config(t, dir).Default().embedConfig()
	socket := url.URL{Scheme: "unix", Path: filepath.Join(dir, "etcd.sock")}
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{socket}, []url.URL{socket}
	server, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	<-server.Server.ReadyNotify()
	return socket.String(), server.Close
}

func dial(t testing.TB, endpoint string) *Store {
	t.Helper()
	store, err := Dial(Config{Endpoints: []string{endpoint}})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// shortDir returns a folder whose path leaves room for a socket.
func shortDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kv") //nolint:usetesting // its path is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return filepath.Join(dir, "store")
}

func config(t testing.TB, dir string) ServerConfig {
	return ServerConfig{Dir: dir, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

// embedNew returns a store in a server of its own.
func embedNew(t testing.TB) *Embedded {
	t.Helper()
	return embedIn(t, config(t, shortDir(t)))
}

func embedIn(t testing.TB, cfg ServerConfig) *Embedded {
	t.Helper()
	store, err := Embed(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func mustPut(t testing.TB, store kv.Store, key string, value []byte) uint64 {
	t.Helper()
	revision, err := store.Txn(t.Context(), kv.Txn{Then: []kv.Op{kv.Put(key, value)}})
	if err != nil {
		t.Fatal(err)
	}
	return revision
}

// within returns a context that ends when a test has waited too long.
func within(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), time.Minute)
}
