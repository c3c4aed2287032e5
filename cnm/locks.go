// SPDX-License-Identifier: Apache-2.0

package cnm

import (
	"context"
	"math"
	"sync"

	"golang.org/x/sync/semaphore"
)

// locks is a lock per object, by name; the zero value is ready. Waiting ends
// with the context. The order, for whoever takes several: name, network, endpoint,
// sandbox, subnet, addresses, pool, lease.
type locks struct {
	mu    sync.Mutex
	named map[string]*lock
}

type lock struct {
	sem  *semaphore.Weighted
	refs int
}

const wholeLock = math.MaxInt64

// exclusive waits until nobody else holds the lock. The returned function
// frees it.
func (l *locks) exclusive(ctx context.Context, name string) (func(), error) {
	return l.acquire(ctx, name, wholeLock)
}

// shared waits until nobody holds the lock exclusively.
func (l *locks) shared(ctx context.Context, name string) (func(), error) {
	return l.acquire(ctx, name, 1)
}

// try takes the lock exclusively if nobody holds it.
func (l *locks) try(name string) (func(), bool) {
	held := l.get(name)
	if !held.sem.TryAcquire(wholeLock) {
		l.put(name, held)
		return nil, false
	}
	return l.release(name, held, wholeLock), true
}

func (l *locks) acquire(ctx context.Context, name string, weight int64) (func(), error) {
	held := l.get(name)
	if err := held.sem.Acquire(ctx, weight); err != nil {
		l.put(name, held)
		return nil, busy(name, err)
	}
	return l.release(name, held, weight), nil
}

func (l *locks) release(name string, held *lock, weight int64) func() {
	return func() {
		held.sem.Release(weight)
		l.put(name, held)
	}
}

func (l *locks) get(name string) *lock {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.named == nil {
		l.named = make(map[string]*lock)
	}
	held := l.named[name]
	if held == nil {
		held = &lock{sem: semaphore.NewWeighted(wholeLock)}
		l.named[name] = held
	}
	held.refs++
	return held
}

func (l *locks) put(name string, held *lock) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if held.refs--; held.refs == 0 {
		delete(l.named, name)
	}
}

func networkLock(id string) string      { return "network " + id }
func endpointLock(id string) string     { return "endpoint " + id }
func poolLock(id string) string         { return "pool " + id }
func addressesLock(scope string) string { return "addresses of " + scope }
func sandboxLock(key string) string     { return "sandbox " + key }
func nameLock(what, name string) string { return "name of " + what + " " + name }
func leaseLock(key string) string       { return "address " + key }
