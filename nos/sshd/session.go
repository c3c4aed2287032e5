// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/shell"
)

// session is one shell of a connection (RFC 4254, 6).
type session struct {
	login   *login
	channel ssh.Channel
	once    sync.Once

	mu            sync.Mutex
	terminal      bool
	columns, rows int
	console       *shell.Console // nil: none yet
	interrupt     func()         // of a command; nil: none runs
}

func newSession(l *login, c ssh.Channel) *session { return &session{login: l, channel: c} }

// Requests of a session's channel (RFC 4254, 6.2, 6.5, 6.7, 6.9, 6.10).
type (
	ptyRequest struct {
		Term                         string
		Columns, Rows, Width, Height uint32
		Modes                        string
	}
	windowChange struct{ Columns, Rows, Width, Height uint32 }
	execRequest  struct{ Command string }
	signalled    struct{ Signal string }
	exitStatus   struct{ Status uint32 }
)

// serve answers requests until the channel is closed, and waits for the shell.
func (s *session) serve(ctx context.Context, requests <-chan *ssh.Request) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer s.channel.Close() //nolint:errcheck // it has ended
	defer cancel()
	for r := range requests {
		ok := s.answer(ctx, r, &running)
		if r.WantReply {
			_ = r.Reply(ok, nil) // a peer that has gone needs no answer
		}
	}
}

// answer says whether a request is granted.
func (s *session) answer(ctx context.Context, r *ssh.Request, running *sync.WaitGroup) bool {
	switch r.Type {
	case "pty-req":
		var m ptyRequest
		return ssh.Unmarshal(r.Payload, &m) == nil && s.resize(m.Columns, m.Rows)
	case "window-change":
		var m windowChange
		return ssh.Unmarshal(r.Payload, &m) == nil && s.resize(m.Columns, m.Rows)
	case "shell":
		return s.start(running, func() error { return s.interact(ctx, running) })
	case "exec":
		var m execRequest
		return ssh.Unmarshal(r.Payload, &m) == nil && s.start(running, func() error { return s.run(ctx, m.Command) })
	case "signal":
		var m signalled
		return ssh.Unmarshal(r.Payload, &m) == nil && s.signal(m.Signal)
	}
	return false
}

func (s *session) resize(columns, rows uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.terminal, s.columns, s.rows = true, int(min(columns, 10000)), int(min(rows, 10000))
	if s.console != nil {
		s.console.Resize(s.columns, s.rows)
	}
	return true
}

// signal has a command end.
func (s *session) signal(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.interrupt == nil || name != "INT" && name != "TERM" && name != "HUP" {
		return false
	}
	s.interrupt()
	return true
}

// start starts what a channel is for, once, and ends the channel with its status.
func (s *session) start(running *sync.WaitGroup, do func() error) (started bool) {
	s.once.Do(func() {
		started = true
		running.Go(func() {
			status := uint32(0)
			if err := do(); err != nil {
				status = 1
				fmt.Fprintf(s.channel.Stderr(), "error: %v\r\n", err)
				if hint := linkspan.HintOf(err); hint != "" {
					fmt.Fprintf(s.channel.Stderr(), "  %s\r\n", hint)
				}
			}
			_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(exitStatus{status})) // a peer that has gone needs none
			s.channel.Close()
		})
	})
	return started
}

// open begins a shell of who has logged in.
func (s *session) open(ctx context.Context) (sh *shell.Shell, end func(), err error) {
	client := s.login.server.options.Client(s.login.caller)
	sh, err = shell.New(ctx, shell.Options{Config: client.Config, Operate: client.Operate, Files: s.login.server.options.Files})
	if err != nil {
		client.Close()
		return nil, nil, err
	}
	return sh, func() { sh.Close(); client.Close() }, nil
}

// interact is a shell at a terminal; without one, of what is sent.
func (s *session) interact(ctx context.Context, running *sync.WaitGroup) error {
	sh, end, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer end()
	s.mu.Lock()
	if !s.terminal {
		s.mu.Unlock()
		return sh.Script(ctx, lines{s.channel, s.login.server.options.Idle}, s.channel)
	}
	typed, from := io.Pipe()
	running.Go(func() {
		_, err := io.Copy(from, s.channel)
		from.CloseWithError(errors.Join(err, io.EOF))
	})
	s.console = shell.NewConsole(keyboard{typed, s.channel}, s.columns, s.rows)
	s.console.Idle = s.login.server.options.Idle
	console := s.console
	s.mu.Unlock()
	return sh.Interact(ctx, console)
}

// run is a shell for one command, or several.
func (s *session) run(ctx context.Context, text string) error {
	sh, end, err := s.open(ctx)
	if err != nil {
		return err
	}
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.mu.Lock()
	s.interrupt = cancel
	s.mu.Unlock()
	return sh.Run(ctx, text, s.channel)
}

// keyboard is what is typed into a channel, and what is shown there. Its Close ends only
// the reading, as the exit status is still to go.
type keyboard struct {
	*io.PipeReader
	io.Writer
}

// lines is what is sent to a shell without a terminal. It ends when nothing comes for too long
// while the shell waits for it.
type lines struct {
	ssh.Channel
	idle time.Duration
}

// Read implements io.Reader.
func (l lines) Read(p []byte) (int, error) {
	late := time.AfterFunc(l.idle, func() {
		fmt.Fprintf(l.Stderr(), "error: nothing was sent for %s\r\n", l.idle)
		l.Close()
	})
	defer late.Stop()
	return l.Channel.Read(p)
}
