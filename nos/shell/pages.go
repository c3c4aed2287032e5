// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"io"
	"strings"
	"unicode/utf8"
)

const more = "--More-- (space, return, q)"

// pages is the last stage at a terminal: it stops when the screen is full.
type pages struct {
	console *Console
	off     bool // does not stop
	rows    int  // filled since it stopped
}

func (p *pages) line(text string) error {
	text = printable(text)
	need := max(1, (utf8.RuneCountInString(strings.ReplaceAll(text, "\t", "        "))+p.console.width()-1)/p.console.width())
	if !p.off && p.rows > 0 && p.rows+need > p.console.height()-1 {
		if err := p.stop(); err != nil {
			return err
		}
	}
	p.rows += need
	_, err := io.WriteString(p.console.term, text+"\n")
	return err
}

func (*pages) end() error { return nil }

// stop waits for a key: a space shows a page, a return a line, and q ends it.
func (p *pages) stop() error {
	text := more[:min(len(more), p.console.width()-1)]
	if _, err := io.WriteString(p.console.rw, text); err != nil {
		return err
	}
	defer io.WriteString(p.console.rw, "\r\x1b[K") //nolint:errcheck // the next line tells
	for {
		key, err := p.console.keys.key()
		if err != nil {
			return errEnough
		}
		switch key {
		case ' ', 'f':
			p.rows = 0
			return nil
		case '\r', '\n':
			p.rows = max(0, p.console.height()-2)
			return nil
		case 'q', 'Q', ctrlC:
			return errEnough
		}
	}
}
