// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// MaxLine is the greatest length of a line, in bytes.
const MaxLine = 64 << 10

// Options are what a shell needs.
type Options struct {
	Config  apiv1connect.ConfigServiceClient
	Operate apiv1connect.OperateServiceClient
	Files   Files // what load and save read and write; nil: nothing
}

// Files is where configurations are loaded from and saved to.
type Files interface {
	// Read returns what is in a file. The error tells its name.
	Read(name string) ([]byte, error)

	// Write makes a file, or replaces what is in it. The error tells its name.
	Write(name string, text []byte) error
}

// Shell is one login. Its methods are called by one goroutine at a time.
type Shell struct {
	config  apiv1connect.ConfigServiceClient
	operate apiv1connect.OperateServiceClient
	files   Files

	status  *apiv1.ConfigServiceStatusResponse
	items   []*apiv1.ShowItem
	session uint64 // 0: operational mode
	end     func() // of the session
	level   []string
	console *Console // nil: no terminal
	leaving bool     // exit was typed with changes that are not committed
	left    bool     // the shell has ended
	told    uint32   // the revision to be confirmed that was told of
}

// New begins a shell. The error is that the switch does not answer.
func New(ctx context.Context, o Options) (*Shell, error) {
	s := &Shell{config: o.Config, operate: o.Operate, files: o.Files}
	if err := s.refresh(ctx); err != nil {
		return nil, err
	}
	return s, s.learn(ctx)
}

// Close ends the session, with what is not committed. It may be called twice.
func (s *Shell) Close() {
	if s.end != nil {
		s.end()
	}
	s.session, s.end, s.level = 0, nil, nil
}

// refresh asks how things are.
func (s *Shell) refresh(ctx context.Context) error {
	r, err := s.config.Status(ctx, connect.NewRequest(&apiv1.ConfigServiceStatusRequest{Session: s.session}))
	if err != nil {
		return api.FromRPC(err)
	}
	s.status = r.Msg
	return nil
}

// learn asks what can be shown: it may be more when a service has come.
func (s *Shell) learn(ctx context.Context) error {
	r, err := s.operate.List(ctx, connect.NewRequest(&apiv1.OperateServiceListRequest{}))
	if err != nil {
		return api.FromRPC(err)
	}
	s.items = r.Msg.GetItems()
	return nil
}

// words is the grammar of the mode.
func (s *Shell) words() []*word {
	if s.session != 0 {
		return s.configuration()
	}
	return s.operational()
}

// Run carries out a text: commands apart by semicolons or line breaks, as far as one fails.
// What they print goes to w. The error says which failed, or that changes at
// its end were not committed.
func (s *Shell) Run(ctx context.Context, text string, w io.Writer) error {
	return s.Script(ctx, strings.NewReader(text), w)
}

// Script carries out lines as they come, as [Shell.Run] does.
func (s *Shell) Script(ctx context.Context, r io.Reader, w io.Writer) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, MaxLine+2)
	for !s.left && lines.Scan() {
		if len(lines.Bytes()) > MaxLine {
			return tooLong()
		}
		if err := s.script(ctx, strings.TrimRight(lines.Text(), "\r"), w); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return tooLong()
	}
	return errors.Join(lines.Err(), s.finish(ctx))
}

func tooLong() error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("a line has at most %d bytes", MaxLine)}
}

// script carries out a line.
func (s *Shell) script(ctx context.Context, line string, w io.Writer) error {
	for _, one := range statements(line) {
		if s.left {
			return nil
		}
		if err := s.do(ctx, one, plain{w}, 0); err != nil {
			return fmt.Errorf("%s: %w", brief(one.text), err)
		}
	}
	return nil
}

// brief is the beginning of a command, for an error.
func brief(text string) string {
	const most = 60
	runes := []rune(printable(strings.TrimSpace(text)))
	if len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return string(runes)
}

// finish refuses to end a text with changes that are not committed.
func (s *Shell) finish(ctx context.Context) error {
	if s.session == 0 || s.left {
		return nil
	}
	if err := s.refresh(ctx); err != nil {
		return err
	}
	if n := s.status.GetChanges(); n > 0 {
		return &linkspan.Error{Code: linkspan.Conflict, Message: counted(n) + " not committed", Hint: "end with commit, or with exit discard"}
	}
	return nil
}

// do carries out a command. Its output goes to the last stage.
func (s *Shell) do(ctx context.Context, one statement, last stage, width int) error {
	if one.empty() {
		return nil
	}
	at, c, err := read(one.part, s.words())
	if err != nil {
		return err
	}
	if c.filter, err = s.filter(ctx, one.pipes); err != nil {
		return err
	}
	c.out = &output{first: c.filter.through(last), width: width}
	if p, ok := last.(*pages); ok {
		p.off, c.out.pages = c.filter.noMore, p
	}
	if c.words[0] != "exit" {
		s.leaving = false
	}
	err = at.run(ctx, c)
	if err == nil {
		err = c.out.first.end()
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return api.FromRPC(err)
}

// filter reads what comes after bars.
func (s *Shell) filter(ctx context.Context, pipes []part) (filters, error) {
	var f filters
	for _, p := range pipes {
		at, c, err := read(p, s.filterWords())
		if err != nil {
			return f, err
		}
		c.filter = f
		if err := at.run(ctx, c); err != nil {
			return f, &mistake{p.start, err.Error()}
		}
		f = c.filter
	}
	return f, nil
}

// adding makes a command of what adds to filters.
func (*Shell) adding(add func(*call, *filters) error) func(context.Context, *call) error {
	return func(_ context.Context, c *call) error { return add(c, &c.filter) }
}
