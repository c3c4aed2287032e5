// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// The size of a terminal of which none is known, and the least that is believed.
const (
	usualColumns = 80
	usualRows    = 24
	leastColumns = 10
	leastRows    = 3
)

// pasting has a terminal mark what is pasted (bracketed paste), so that it is not
// completed; notPasting ends that.
const (
	pasting    = "\x1b[?2004h"
	notPasting = "\x1b[?2004l"
)

// Console is a terminal that somebody sits at. What is behind it has no line discipline
// of its own: each key comes at once and is not echoed.
type Console struct {
	rw   io.ReadWriteCloser
	keys *keys
	term *term.Terminal
	Idle time.Duration // after which nobody is thought to sit there; 0: never

	complete func(line string, pos int, key rune) (string, int, bool) // what keys do to a line; nil: nothing of their own
	ended    bool                                                     // Ctrl-D was typed instead of a line

	mu            sync.Mutex
	columns, rows int
	changed       bool // size, since it was asked
	drawn         int  // rows of what is redrawn
}

// NewConsole returns a console of so many columns and rows, 0 if that is not known.
// Close of rw must end a Read.
func NewConsole(rw io.ReadWriteCloser, columns, rows int) *Console {
	c := &Console{rw: rw, keys: newKeys()}
	c.term = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{c.keys, rw}, "")
	c.term.History = &history{}
	c.term.AutoCompleteCallback = c.key
	c.Resize(columns, rows)
	return c
}

// Resize says that the terminal has another size.
func (c *Console) Resize(columns, rows int) {
	if columns <= 0 || columns > 10000 {
		columns = usualColumns
	}
	if rows <= 0 || rows > 10000 {
		rows = usualRows
	}
	columns, rows = max(columns, leastColumns), max(rows, leastRows)
	c.mu.Lock()
	c.columns, c.rows, c.changed = columns, rows, true
	c.mu.Unlock()
	_ = c.term.SetSize(columns, rows) // what it draws may fail as any writing may: the next one tells
	c.keys.more.Broadcast()
}

// start reads keys until the function that is returned is called, which closes the
// console and waits.
func (c *Console) start(ctx context.Context) (stop func()) {
	if c.Idle > 0 {
		idle := time.AfterFunc(c.Idle, func() {
			_, _ = c.term.Write([]byte("\nNobody was here for a while.\n")) // nobody is
			c.rw.Close()
		})
		c.keys.touched = func() { idle.Reset(c.Idle) }
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.keys.pump(c.rw)
	}()
	over := context.AfterFunc(ctx, func() { c.rw.Close() })
	_, _ = io.WriteString(c.rw, pasting) // a failure is seen by the reading
	return func() {
		_, _ = io.WriteString(c.rw, notPasting) // as above
		over()
		c.rw.Close()
		<-ended
	}
}

// readLine reads a line. The error is io.EOF at Ctrl-D and when nobody is there, errInterrupted at
// Ctrl-C.
func (c *Console) readLine(prompt string) (string, error) {
	c.term.SetPrompt(prompt)
	c.ended = false
	line, err := c.term.ReadLine()
	if c.ended {
		return "", io.EOF
	}
	if c.keys.gaveUp() {
		return "", errInterrupted
	}
	if err == term.ErrPasteIndicator { //nolint:errorlint // it is that one
		err = nil
	}
	return line, err
}

// key is what keys do to a line that the editor has nothing for. Ctrl-D ends an empty one, and
// takes a character out of others.
func (c *Console) key(line string, pos int, key rune) (string, int, bool) {
	switch {
	case key == endKey && line == "":
		c.ended = true
		c.keys.enter()
		return "", 0, true
	case key == endKey:
		_, n := utf8.DecodeRuneInString(line[pos:])
		return line[:pos] + line[pos+n:], pos, true
	case c.complete == nil:
		return "", 0, false
	}
	return c.complete(line, pos, key)
}

// width returns how many columns there are.
func (c *Console) width() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.columns
}

func (c *Console) height() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rows
}

func (c *Console) size() (columns, rows uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return uint32(c.columns), uint32(c.rows) //nolint:gosec // above 0
}

// resized returns the size if it has changed since it was asked, else zeros.
func (c *Console) resized() (columns, rows uint32) {
	c.mu.Lock()
	changed := c.changed
	c.changed = false
	c.mu.Unlock()
	if !changed {
		return 0, 0
	}
	return c.size()
}

// raw takes the keys as they are until the function that is returned is called.
func (c *Console) raw() (release func()) { return c.keys.takeRaw() }

func (c *Console) readRaw(p []byte) (int, error) { return c.keys.readRaw(p) }

// say prints a text of whole lines, broken between words where they are longer than the terminal.
func (c *Console) say(text string) {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(broken(printable(line), c.width()) + "\n")
	}
	_, _ = io.WriteString(c.term, b.String()) // who has gone is seen by the reading
}

// broken breaks a line between words where it is longer than a width; what follows is
// indented.
func broken(line string, width int) string {
	const indent = "  "
	var b strings.Builder
	room := width
	for utf8.RuneCountInString(line) > room {
		runes := []rune(line)
		at := strings.LastIndexByte(string(runes[:room+1]), ' ')
		if at <= 0 || strings.TrimSpace(line[:at]) == "" {
			break // a word that is longer than a line
		}
		b.WriteString(line[:at] + "\n" + indent)
		line, room = line[at+1:], width-len(indent)
	}
	return b.String() + line
}

// redraw prints a text in the place of the one before, as much of it as there is room for.
func (c *Console) redraw(text string, first bool) error {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if room := c.height() - 1; len(lines) > room {
		lines = lines[:room]
	}
	back := ""
	if !first && c.drawn > 0 {
		back = fmt.Sprintf("\x1b[%dA\r\x1b[J", c.drawn)
	}
	for i, l := range lines {
		runes := []rune(printable(l))
		lines[i] = string(runes[:min(len(runes), c.width()-1)])
	}
	c.drawn = len(lines)
	_, err := io.WriteString(c.term, back+strings.Join(lines, "\n")+"\n")
	return err
}

// maxHistory is how many lines can be called back.
const maxHistory = 500

// history is the lines that were typed, but for empty ones and those typed again.
type history struct{ lines []string }

var _ term.History = (*history)(nil)

// Add implements the interface.
func (h *history) Add(line string) {
	line = strings.TrimSpace(line)
	if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
		return
	}
	h.lines = append(h.lines, line)
	h.lines = h.lines[max(0, len(h.lines)-maxHistory):]
}

// Len implements the interface.
func (h *history) Len() int { return len(h.lines) }

// At implements the interface.
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }
