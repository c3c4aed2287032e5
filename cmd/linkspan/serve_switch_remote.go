// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/linkspan/linkspan/nos/listen"
	"github.com/linkspan/linkspan/nos/show"
)

// remoteNone is --ssh or --api for a switch without it.
const remoteNone = "none"

// How often it is looked whether anybody can log in, and how long it is waited when the port is taken.
const (
	remoteLook  = time.Second
	remoteAgain = 10 * time.Second
)

// remoteWay is one way to the switch from elsewhere.
type remoteWay struct {
	what    string // is served
	address string
	keyName string // of the key in show system
	// make returns the fingerprint of the key by which clients know the switch, and what serves.
	make func() (fingerprint string, serve func(context.Context, net.Listener) error, err error)
}

// remoteKeys are the fingerprints of keys by which clients know the switch, by name.
type remoteKeys struct {
	mu  sync.Mutex
	all map[string]string
}

func (k *remoteKeys) set(name, fingerprint string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[string]string{}
	}
	k.all[name] = fingerprint
}

// facts returns them as show system has them, those that there are.
func (k *remoteKeys) facts(names ...string) []show.Fact {
	k.mu.Lock()
	defer k.mu.Unlock()
	var facts []show.Fact
	for _, name := range names {
		if print, ok := k.all[name]; ok {
			facts = append(facts, show.Fact{Name: name, Value: print})
		}
	}
	return facts
}

// whileUsers serves while the configuration has users: before, there is nobody to log in,
// no port is open and no key is made. What keeps it from serving is told, and tried again.
func (n *nos) whileUsers(ctx context.Context, r remoteWay) error {
	if r.address == remoteNone {
		return nil
	}
	for wait := remoteLook; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = remoteLook
		if !n.guard.Users() {
			continue
		}
		if err := n.serveRemote(ctx, r); err != nil {
			n.role.log.Warn("nobody can log in from elsewhere", "what", r.what, "address", r.address, "error", err)
			wait = remoteAgain
		}
	}
}

// serveRemote serves until there are no users any more, or ctx ends.
func (n *nos) serveRemote(ctx context.Context, r remoteWay) error {
	fingerprint, serve, err := r.make()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l, err := listen.Open(ctx, listen.Options{Address: r.address, Running: n.manager.Running, Log: n.role.log})
	if err != nil {
		return err
	}
	n.keys.set(r.keyName, fingerprint)
	n.role.log.Info("who has logged in is served from elsewhere", "what", r.what, "addresses", l.Addresses(), "key", fingerprint)
	emptied := make(chan struct{})
	go func() {
		defer close(emptied)
		n.awaitNoUsers(ctx)
		cancel()
	}()
	err = serve(ctx, l)
	cancel()
	<-emptied
	return firstCause(err, l.Close())
}

func (n *nos) awaitNoUsers(ctx context.Context) {
	look := time.NewTicker(remoteLook)
	defer look.Stop()
	for n.guard.Users() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}
