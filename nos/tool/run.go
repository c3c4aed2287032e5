// SPDX-License-Identifier: Apache-2.0

package tool

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
)

// MaxLine is the greatest length of a line that is returned, in bytes; the rest of it is
// left out.
const MaxLine = 4096

// endTime is how long a program has to end by itself when it must.
const endTime = 2 * time.Second

// Run runs a command until it ends, its time is over or ctx ends, and calls each
// with the lines that it prints, one after the other. An error of each ends the program and
// is returned. The error is Unavailable when the program is not installed or nobody
// answered, Invalid when it refuses what it was asked.
func Run(ctx context.Context, c Command, each func(line string) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	path, err := exec.LookPath(c.Program)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: c.Program + " is not installed", Hint: "install the Debian package " + c.Package, Err: err}
	}
	cmd := exec.CommandContext(ctx, path, c.Args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGINT) } // it prints what it has counted
	cmd.WaitDelay = endTime
	out, in := io.Pipe()
	last := &tail{}
	cmd.Stdout, cmd.Stderr = in, io.MultiWriter(last, in)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", c.Program, err)
	}
	told := make(chan error, 1)
	go func() {
		err := lines(out, each)
		out.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		if err != nil {
			cancel()
		}
		told <- err
	}()
	ended := cmd.Wait()
	in.Close()
	if err := <-told; err != nil {
		return err
	}
	return c.judge(ctx, ended, last.line())
}

// judge says what the end of a program means.
func (c Command) judge(ctx context.Context, ended error, last string) error {
	var status *exec.ExitError
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &linkspan.Error{Code: linkspan.Unavailable, Message: fmt.Sprintf("%s was ended after %s", c.Program, c.Limit)}
	case ctx.Err() != nil:
		return ctx.Err()
	case ended == nil:
		return nil
	case errors.As(ended, &status) && status.ExitCode() == 1 && c.Silence != "" && last == "":
		return &linkspan.Error{Code: linkspan.Unavailable, Message: c.Silence}
	case last != "":
		return &linkspan.Error{Code: linkspan.Invalid, Message: last, Err: ended}
	}
	return fmt.Errorf("%s: %w", c.Program, ended)
}

// lines calls each with every line, cut to [MaxLine].
func lines(r io.Reader, each func(string) error) error {
	b := bufio.NewReaderSize(r, MaxLine)
	for {
		line, more, err := b.ReadLine()
		if err != nil {
			return nil //nolint:nilerr // the program has ended
		}
		text := strings.ToValidUTF8(string(line), "?")
		for more && err == nil {
			_, more, err = b.ReadLine()
		}
		if err := each(text); err != nil {
			return err
		}
	}
}

// tail keeps the end of what a program says is wrong.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-MaxLine):]
	return len(p), nil
}

// line returns the last line.
func (t *tail) line() string {
	text := strings.TrimSpace(string(t.text))
	return strings.ToValidUTF8(text[strings.LastIndexByte(text, '\n')+1:], "?")
}
