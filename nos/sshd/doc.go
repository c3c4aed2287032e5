// SPDX-License-Identifier: Apache-2.0

// Package sshd serves the shell of a switch by SSH (RFC 4251 to 4254): to the users of the
// configuration, by public key or password, in a terminal or for one command. There is no
// forwarding, no file transfer and no program of the host behind it: nothing
// but the shell, whose every command is a call of the API as that user.
//
// Who is let in is asked of a [Guard]; who may do what, of the API.
//
//	key, err := sshd.HostKey("/var/lib/linkspan/switch/ssh_host_ed25519_key")
//	s := sshd.New(sshd.Options{Key: key, Guard: guard, Client: inside.As, Audit: log})
//	err = s.Serve(ctx, listener)
package sshd
