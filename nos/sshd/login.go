// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"context"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/trust/audit"
)

// userData is under what a user is kept in a connection's permissions.
type userData struct{}

// login is one connection: who it is of, once that is proved.
type login struct {
	server *Server
	from   netip.Addr
	tried  string // the name that was tried last
	caller rpc.Caller
}

// config is how this connection is made.
func (l *login) config(ctx context.Context) *ssh.ServerConfig {
	let := func(u access.User, err error) (*ssh.Permissions, error) {
		if err != nil {
			return nil, err
		}
		return &ssh.Permissions{ExtraData: map[any]any{userData{}: u}}, nil
	}
	password := func(m ssh.ConnMetadata, typed string) (*ssh.Permissions, error) {
		l.tried = m.User()
		return let(l.server.options.Guard.Password(ctx, m.User(), typed, l.from))
	}
	c := &ssh.ServerConfig{
		MaxAuthTries: maxTries, ServerVersion: "SSH-2.0-Linkspan",
		PasswordCallback: func(m ssh.ConnMetadata, typed []byte) (*ssh.Permissions, error) { return password(m, string(typed)) },
		KeyboardInteractiveCallback: func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil || len(answers) != 1 {
				return nil, errors.New("no password was typed")
			}
			return password(m, answers[0])
		},
		PublicKeyCallback: func(m ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			l.tried = m.User()
			return let(l.server.options.Guard.Key(ctx, m.User(), key.Marshal()))
		},
	}
	if banner := l.server.options.Banner; banner != nil {
		c.BannerCallback = func(ssh.ConnMetadata) string { return line(banner()) }
	}
	c.AddHostKey(l.server.options.Key)
	return c
}

// line ends a text with a line break, if there is any text.
func line(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

// refused notes a connection without a login: written down if somebody tried a name,
// else only logged. As anybody can cause both, of many not each is written down.
func (l *login) refused(err error) {
	if l.tried == "" {
		l.server.options.Log.Debug("an ssh connection came to nothing", slog.String("from", l.from.String()), slog.Any("error", err))
		return
	}
	if l.server.refusals.Take(l.from, time.Now()) {
		l.server.record(audit.Entry{Kind: audit.Denied, Who: crowd.Cut(l.tried, crowd.MaxName), How: "ssh", From: l.from.String(), Text: "login", Error: crowd.Cut(reason(err), crowd.MaxReason)})
	}
}

// reason is why the last try failed.
func reason(err error) string {
	var all *ssh.ServerAuthError
	if errors.As(err, &all) {
		for i := len(all.Errors) - 1; i >= 0; i-- {
			if linkspan.CodeOf(all.Errors[i]) != linkspan.Internal {
				return all.Errors[i].Error()
			}
		}
	}
	return err.Error()
}

// entered notes a login.
func (l *login) entered(conn *ssh.ServerConn) {
	user, _ := conn.Permissions.ExtraData[userData{}].(access.User)
	l.caller = rpc.Caller{User: user, How: "ssh", From: l.from.String(), Session: hex.EncodeToString(conn.SessionID()[:4])}
	l.note(audit.Login)
}

func (l *login) left() { l.note(audit.Logout) }

func (l *login) note(kind audit.Kind) {
	c := l.caller
	l.server.record(audit.Entry{Kind: kind, Who: c.User.Name, Role: string(c.User.Role), How: c.How, From: c.From, Session: c.Session})
}

// serve serves the channels of a connection until it ends.
func (l *login) serve(ctx context.Context, conn *ssh.ServerConn, channels <-chan ssh.NewChannel, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	all.Go(func() { ssh.DiscardRequests(requests) }) // no forwarding
	all.Go(func() { l.alive(ctx, conn) })
	places := make(chan struct{}, maxShells)
	for asked := range channels {
		if asked.ChannelType() != "session" {
			_ = asked.Reject(ssh.UnknownChannelType, "there are only shells here") // a peer that has gone needs no answer
			continue
		}
		select {
		case places <- struct{}{}:
		default:
			_ = asked.Reject(ssh.ResourceShortage, "there are too many shells in this connection") // as above
			continue
		}
		channel, asks, err := asked.Accept()
		if err != nil {
			<-places
			continue
		}
		all.Go(func() {
			defer func() { <-places }()
			newSession(l, channel).serve(ctx, asks)
		})
	}
}

// alive asks the client for a sign of life, and closes the connection if there is none.
func (l *login) alive(ctx context.Context, conn *ssh.ServerConn) {
	again := time.NewTicker(keepAlive)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		dead := time.AfterFunc(keepAlive, func() { conn.Close() })
		_, _, err := conn.SendRequest("keepalive@openssh.com", true, nil)
		if dead.Stop(); err != nil {
			return
		}
	}
}
