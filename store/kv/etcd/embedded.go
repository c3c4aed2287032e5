// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"

	"github.com/linkspan/linkspan/store/kv"
)

var (
	_ kv.LeasedStore = (*Embedded)(nil)
	_ kv.Compacter   = (*Embedded)(nil)
	_ kv.Guarded     = (*Embedded)(nil)
)

// Embedded is a store with its own server in this process. Make it with
// [Embed].
type Embedded struct {
	*Store
	server *server
	disk   *disk
	failed chan error

	closing  sync.Once
	stop     context.CancelFunc
	watchers sync.WaitGroup
	closeErr error
}

// Embed starts a server on a folder and returns the store in it, once it can
// be used. The error is [kv.ErrBusy] when another process serves the folder,
// [kv.ErrFull] when the disk has less than MinFree left, [kv.ErrInvalid] when
// the folder or the configuration cannot be used, and [kv.ErrUnavailable]
// when the server does not come up within StartTimeout.
func Embed(ctx context.Context, cfg ServerConfig) (*Embedded, error) {
	return embedOn(ctx, cfg, statFree)
}

func embedOn(ctx context.Context, cfg ServerConfig, free freeSpace) (*Embedded, error) {
	cfg = cfg.Default()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	server, err := startServer(ctx, cfg, free)
	if err != nil {
		return nil, err
	}
	store := newStore(v3client.New(server.etcd.Server), defaultRoot, defaultTimeout)
	if err := store.disarm(ctx, server.etcd.Server, cfg.Quota); err != nil {
		return nil, errors.Join(err, store.Close(), server.close())
	}
	e := &Embedded{
		Store:  store,
		server: server,
		disk:   &disk{path: cfg.Dir, low: cfg.MinFree / 2, free: free, log: cfg.Log},
		failed: make(chan error, 1),
	}
	e.watch()
	return e, nil
}

// watch starts the two watchers that Close waits for.
func (e *Embedded) watch() {
	ctx, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.watchers.Go(func() { e.disk.run(ctx) })
	e.watchers.Go(func() {
		select {
		case <-ctx.Done():
		case err := <-e.server.etcd.Err():
			e.failed <- &kv.Error{Code: kv.Unavailable, Op: "serve etcd", Err: err}
		case <-e.server.etcd.Server.StopNotify():
			e.failed <- &kv.Error{Code: kv.Unavailable, Op: "serve etcd", Err: errors.New("server stopped by itself")}
		}
	})
}

// Failed yields one error when the server has stopped by itself. There is no
// way on but to close the store and embed it again.
func (e *Embedded) Failed() <-chan error { return e.failed }

// Txn implements [kv.Store]. While the disk is nearly full, transactions that
// write fail with [kv.ErrFull].
func (e *Embedded) Txn(ctx context.Context, txn kv.Txn) (uint64, error) {
	if len(txn.Then) > 0 {
		if err := e.disk.check("transaction"); err != nil {
			return 0, err
		}
	}
	return e.Store.Txn(ctx, txn)
}

// Writable implements [kv.Guarded].
func (e *Embedded) Writable() error { return e.disk.check("write") }

// Grant implements [kv.Leaser], and fails like Txn on a full disk.
func (e *Embedded) Grant(ctx context.Context, ttl time.Duration) (kv.LeaseID, error) {
	if err := e.disk.check("grant"); err != nil {
		return "", err
	}
	return e.Store.Grant(ctx, ttl)
}

// Close implements [kv.Store]; it also stops the server.
func (e *Embedded) Close() error {
	e.closing.Do(func() {
		err := e.Store.Close()
		e.stop()
		e.watchers.Wait()
		e.closeErr = errors.Join(err, e.server.close())
	})
	return e.closeErr
}

// disarm takes back the alarm that etcd raised when the data reached the
// quota, if they are below now: the alarm outlives its reason.
func (s *Store) disarm(ctx context.Context, server *etcdserver.EtcdServer, quota int64) error {
	for _, alarm := range server.Alarms() {
		if alarm.Alarm != etcdserverpb.AlarmType_NOSPACE {
			return &kv.Error{Code: kv.Unavailable, Op: "start etcd", Err: fmt.Errorf("etcd raised alarm %s: its data are damaged", alarm.Alarm)}
		}
		if server.Backend().Size() >= quota {
			continue
		}
		err := s.call(ctx, "disarm", "", func(ctx context.Context) error {
			_, err := s.client.AlarmDisarm(ctx, (*clientv3.AlarmMember)(alarm))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
