// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"crypto/tls"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/linkspan/linkspan/store/kv"
)

func TestConfigValidate(t *testing.T) {
	cases := []struct {
		name string
		cfg  Config
		ok   bool
	}{
		{"no endpoints", Config{}, false},
		{"unix", Config{Endpoints: []string{"unix:///run/etcd.sock"}}, true},
		{"loopback in the clear", Config{Endpoints: []string{"http://127.0.0.1:2379", "http://[::1]:2379", "http://localhost:2379"}}, true},
		{"network in the clear", Config{Endpoints: []string{"http://10.0.0.1:2379"}}, false},
		{"one of two in the clear", Config{Endpoints: []string{"https://10.0.0.1:2379", "http://10.0.0.2:2379"}, TLS: &tls.Config{}}, false},
		{"https", Config{Endpoints: []string{"https://10.0.0.1:2379"}, TLS: &tls.Config{}}, true},
		{"https without certificates", Config{Endpoints: []string{"https://10.0.0.1:2379"}}, false},
		{"no scheme", Config{Endpoints: []string{"10.0.0.1"}}, false},
		{"malformed root", Config{Endpoints: []string{"unix:///e"}, Root: "no-slash"}, false},
		{"negative time-out", Config{Endpoints: []string{"unix:///e"}, Timeout: -1}, false},
	}
	for _, c := range cases {
		if err := c.cfg.Default().Validate(); (err == nil) != c.ok || err != nil && !errors.Is(err, kv.ErrInvalid) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	store, err := Dial(Config{
		Endpoints: []string{"unix://" + filepath.Join(shortDir(t), "nobody.sock")},
		Timeout:   300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := store.Get(t.Context(), "k"); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("get: %v, want unavailable", err)
	}
	if _, err := store.Txn(t.Context(), kv.Txn{Then: []kv.Op{kv.Put("k", nil)}}); !errors.Is(err, kv.ErrUnavailable) {
		t.Errorf("transaction: %v, want unavailable", err)
	}
	for _, err := range store.Watch(t.Context(), "", 1) {
		if !errors.Is(err, kv.ErrUnavailable) {
			t.Errorf("watch: %v, want unavailable", err)
		}
	}
}

// TestRootsAreApart has two stores in one cluster.
func TestRootsAreApart(t *testing.T) {
	endpoint := serve(t, shortDir(t))
	server := dial(t, endpoint)
	defer server.Close()
	other, err := Dial(Config{Endpoints: []string{endpoint}, Root: "other/"})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	start := mustPut(t, server, "k", []byte("ours"))
	mustPut(t, other, "k", []byte("theirs"))
	mustPut(t, server, "last", nil)
	entries, _, err := other.List(t.Context(), "")
	if err != nil || len(entries) != 1 || string(entries[0].Value) != "theirs" {
		t.Fatalf("other root has %v, %v", entries, err)
	}
	for batch, err := range server.Watch(t.Context(), "", start) {
		if err != nil || batch.Events[0].Entry.Key != "last" {
			t.Fatalf("watch sees %v, %v; the change is of another root", batch, err)
		}
		break
	}
}

// TestWatchOutlivesServer restarts the server under a client that watches.
func TestWatchOutlivesServer(t *testing.T) {
	ctx, cancel := within(t)
	defer cancel()
	dir := shortDir(t)
	endpoint, stop := serveUntil(t, dir)
	client := dial(t, endpoint)
	defer client.Close()
	revision := mustPut(t, client, "k", []byte("0"))
	seen, ended := make(chan string, 10), make(chan error, 1)
	go func() {
		for batch, err := range client.Watch(ctx, "", revision) {
			if err != nil {
				ended <- err
				return
			}
			for _, event := range batch.Events {
				seen <- string(event.Entry.Value)
			}
		}
	}()
	for _, value := range []string{"1", "2", "3"} {
		mustPut(t, client, "k", []byte(value))
		select {
		case got := <-seen:
			if got != value {
				t.Fatalf("watch sees %q, want %q", got, value)
			}
		case err := <-ended:
			t.Fatal(err)
		}
		stop()
		_, stop = serveUntil(t, dir)
	}
	cancel()
	<-ended
	stop()
}
