// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"
	"path/filepath"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan/nos/shell"
	"github.com/linkspan/linkspan/nos/sshd"
)

// serveSSH serves shells while the configuration has users.
func (n *nos) serveSSH(ctx context.Context) error {
	return n.whileUsers(ctx, remoteWay{
		what: "shells by ssh", address: n.role.settings.ssh, keyName: "ssh_key",
		make: func() (string, func(context.Context, net.Listener) error, error) {
			key, err := sshd.HostKey(filepath.Join(n.role.stateDir, "ssh_host_ed25519_key"))
			if err != nil {
				return "", nil, err
			}
			s := sshd.New(sshd.Options{
				Key: key, Guard: n.guard, Client: n.inside.As, Banner: n.banner, Audit: n.audit, Log: n.role.log,
				Files: shell.Folder(filepath.Join(n.role.stateDir, "saved")),
			})
			return ssh.FingerprintSHA256(key.PublicKey()), s.Serve, nil
		},
	})
}

// banner is what is shown before a login.
func (n *nos) banner() string {
	text, err := n.manager.Running().Get("system", "banner")
	if err != nil {
		return "" // the schema has it
	}
	return text
}
