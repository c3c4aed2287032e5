// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"path/filepath"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan/nos/shell"
	"github.com/linkspan/linkspan/nos/sshd"
)

// sshNone is --ssh for a switch without SSH.
const sshNone = "none"

// How often it is looked whether anybody can log in, and how long it is waited when the port is taken.
const (
	sshLook  = time.Second
	sshAgain = 10 * time.Second
)

// serveSSH serves shells while the configuration has users: before, there is nobody to log in,
// no port is open and no key is made. What keeps it from serving is told, and tried again.
func (n *nos) serveSSH(ctx context.Context) error {
	if n.role.settings.ssh == sshNone {
		return nil
	}
	for wait := sshLook; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = sshLook
		if !n.guard.Users() {
			continue
		}
		if err := n.listenSSH(ctx); err != nil {
			n.role.log.Warn("shells are not served by ssh", "address", n.role.settings.ssh, "error", err)
			wait = sshAgain
		}
	}
}

// listenSSH serves shells until there are no users any more, or ctx ends.
func (n *nos) listenSSH(ctx context.Context) error {
	key, err := sshd.HostKey(filepath.Join(n.role.stateDir, "ssh_host_ed25519_key"))
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", n.role.settings.ssh)
	if err != nil {
		return err
	}
	n.role.log.Info("shells are served by ssh", "address", l.Addr().String(), "key", ssh.FingerprintSHA256(key.PublicKey()))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	emptied := make(chan struct{})
	go func() {
		defer close(emptied)
		n.awaitNoUsers(ctx)
		cancel()
	}()
	s := sshd.New(sshd.Options{
		Key: key, Guard: n.guard, Client: n.inside.As, Banner: n.banner, Audit: n.audit, Log: n.role.log,
		Files: shell.Folder(filepath.Join(n.role.stateDir, "saved")),
	})
	err = s.Serve(ctx, l)
	cancel()
	<-emptied
	return err
}

func (n *nos) awaitNoUsers(ctx context.Context) {
	look := time.NewTicker(sshLook)
	defer look.Stop()
	for n.guard.Users() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// banner is what is shown before a login.
func (n *nos) banner() string {
	text, err := n.manager.Running().Get("system", "banner")
	if err != nil {
		return "" // the schema has it
	}
	return text
}
