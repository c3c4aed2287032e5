// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/linkspan/linkspan/store/kv"
)

// server is a running etcd with the lock on its folder.
type server struct {
	etcd *embed.Etcd
	lock *os.File
}

// startServer prepares the folder and returns once the server answers.
func startServer(ctx context.Context, cfg ServerConfig, free freeSpace) (*server, error) {
	lock, err := prepareFolder(cfg, free)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.StartTimeout)
	defer cancel()
	started := make(chan result, 1)
	go func() { started <- startEtcd(cfg.embedConfig()) }()
	select {
	case r := <-started:
		if r.err != nil {
			return nil, errors.Join(startError(cfg, r.err), lock.Close())
		}
		return awaitReady(ctx, cfg, &server{etcd: r.etcd, lock: lock})
	case <-ctx.Done():
		// etcd cannot be told to stop while it starts. Whenever it comes
		// back, it is taken down; until then the folder stays locked.
		go func() {
			if r := <-started; r.etcd != nil {
				r.etcd.Close()
			}
			_ = lock.Close() // nobody is left to tell
		}()
		return nil, startError(cfg, ctx.Err())
	}
}

// result is what starting etcd led to.
type result struct {
	etcd *embed.Etcd
	err  error
}

// startEtcd makes an error of the panics with which etcd answers damaged
// files.
func startEtcd(cfg *embed.Config) (r result) {
	defer func() {
		if cause := recover(); cause != nil {
			r = result{err: fmt.Errorf("etcd panicked: %v", cause)}
		}
	}()
	etcd, err := embed.StartEtcd(cfg)
	return result{etcd: etcd, err: err}
}

// awaitReady waits until the log is replayed and the server has elected
// itself.
func awaitReady(ctx context.Context, cfg ServerConfig, s *server) (*server, error) {
	var err error
	select {
	case <-s.etcd.Server.ReadyNotify():
		if err = endBootstrap(cfg); err == nil {
			return s, nil
		}
	case err = <-s.etcd.Err():
	case <-s.etcd.Server.StopNotify():
		err = errors.New("etcd stopped")
	case <-ctx.Done():
		err = ctx.Err()
	}
	return nil, errors.Join(startError(cfg, err), s.close())
}

// close stops the server. The raft loop goes first: etcd waits for it for ever
// when it is closed before it was ready.
func (s *server) close() error {
	s.etcd.Server.Stop()
	s.etcd.Close()
	return s.lock.Close()
}

func startError(cfg ServerConfig, err error) error {
	var coded *kv.Error
	switch {
	case errors.As(err, &coded):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		err = fmt.Errorf("not ready within %v: %w", cfg.StartTimeout.Round(time.Millisecond), err)
	}
	return &kv.Error{Code: kv.Unavailable, Op: "start etcd", Key: cfg.Dir, Err: err}
}
