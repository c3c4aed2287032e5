// SPDX-License-Identifier: Apache-2.0

package support

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// maxRead is how much is read of one source, in bytes: secrets are looked for in all of it.
const maxRead = 32 << 20

// Command is what a program prints, its complaints included. It gets nothing to read and
// ends with the context. A program that is not there is an error.
func Command(name string, argv ...string) Source {
	return Source{Name: name, Read: func(ctx context.Context) ([]byte, error) {
		path, err := exec.LookPath(argv[0])
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, path, argv[1:]...)
		out := limited{most: maxRead}
		cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &out, &out, time.Second
		if err := cmd.Run(); err != nil {
			return out.text.Bytes(), fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
		}
		return out.text.Bytes(), nil
	}}
}

// File is a file of the host.
func File(name, path string) Source {
	return Source{Name: name, Read: func(context.Context) ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(io.LimitReader(f, maxRead))
		return text, errors.Join(err, f.Close())
	}}
}

// limited keeps the beginning of what is written.
type limited struct {
	text bytes.Buffer
	most int
}

func (l *limited) Write(p []byte) (int, error) {
	if room := l.most - l.text.Len(); room > 0 {
		l.text.Write(p[:min(len(p), room)])
	}
	return len(p), nil
}
