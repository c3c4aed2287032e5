// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// progress shows how far a move is: on a terminal one line that changes while an
// image is carried, elsewhere a line for each step and a tenth of the image.
type progress struct {
	out      io.Writer
	quiet    bool
	terminal bool
	open     bool   // the line on the terminal is not ended
	text     string // of the step
	tenths   uint64
	begun    time.Time
}

func newProgress(out io.Writer, quiet bool) *progress {
	return &progress{out: out, quiet: quiet, terminal: isTerminal(out)}
}

// isTerminal says whether somebody sees what is printed.
func isTerminal(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// message shows one message; what cannot be printed is nobody's loss.
func (p *progress) message(m *apiv1.MoveServiceMoveResponse) {
	switch {
	case p.quiet:
	case m.GetText() != "":
		p.end()
		p.text, p.tenths, p.begun = m.GetText(), 0, time.Now()
		_, _ = fmt.Fprintln(p.out, p.text)
	case p.terminal:
		p.open = true
		_, _ = fmt.Fprintf(p.out, "\r\x1b[K%s", carried(m, time.Since(p.begun)))
	default:
		if now := tenth(m); now > p.tenths {
			p.tenths = now
			_, _ = fmt.Fprintln(p.out, carried(m, time.Since(p.begun)))
		}
	}
}

// end ends the line that changes.
func (p *progress) end() {
	if p.open {
		_, _ = fmt.Fprintln(p.out)
		p.open = false
	}
}

func tenth(m *apiv1.MoveServiceMoveResponse) uint64 {
	if m.GetTotal() == 0 {
		return m.GetDone() >> 26 // every 64 MiB
	}
	return 10 * m.GetDone() / m.GetTotal()
}

// carried tells how much of an image has gone over. Its size is about that of the
// archive, so that it is never said to be whole.
func carried(m *apiv1.MoveServiceMoveResponse, took time.Duration) string {
	const width = 40
	text := size(m.GetDone())
	if total := m.GetTotal(); total > 0 {
		full := int(min(width*m.GetDone()/total, width))
		text = fmt.Sprintf("[%-*s] %s of about %s", width, bar(full), text, size(total))
	}
	if s := took.Seconds(); s >= 1 {
		text += ", " + size(uint64(float64(m.GetDone())/s)) + "/s"
	}
	return text
}

func bar(full int) string {
	b := make([]byte, full)
	for i := range b {
		b[i] = '='
	}
	return string(b)
}

// size writes bytes as Docker does: 1 MB is a million.
func size(bytes uint64) string {
	const step = 1000
	value, units := float64(bytes), []string{"B", "kB", "MB", "GB", "TB"}
	for value >= step && len(units) > 1 {
		value, units = value/step, units[1:]
	}
	return strconv.FormatFloat(value, 'g', 4, 64) + units[0]
}
