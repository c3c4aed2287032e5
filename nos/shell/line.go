// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"strings"
	"unicode/utf8"
)

// part is a piece of a line, and the byte of the line that it begins at.
type part struct {
	text  string
	start int
}

// statement is one command of a line with what its output is piped through.
type statement struct {
	part
	pipes []part
}

// statements divides a line into commands at semicolons, and those at bars. What is in quotes
// or after a # stays together.
func statements(line string) []statement {
	var all []statement
	for _, s := range divide(part{line, 0}, ';') {
		pipes := divide(s, '|')
		all = append(all, statement{pipes[0], pipes[1:]})
	}
	return all
}

// empty says that there is nothing to do.
func (s statement) empty() bool {
	text := strings.TrimLeft(s.text, " \t\r\n")
	return len(s.pipes) == 0 && (text == "" || text[0] == '#')
}

// divide divides at a mark that is outside of quotes. There is one part at least.
func divide(p part, mark byte) []part {
	var all []part
	begin := 0
	scan(p.text, func(at int) {
		if p.text[at] == mark {
			all = append(all, part{p.text[begin:at], p.start + begin})
			begin = at + 1
		}
	})
	return append(all, part{p.text[begin:], p.start + begin})
}

// scan visits the bytes of a line that are in no quotes and no comment, and returns
// whether quotes are open at its end.
func scan(line string, visit func(at int)) (open bool) {
	quote := byte(0)
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '#' && (i == 0 || strings.IndexByte(" \t;|", line[i-1]) >= 0):
			return false
		default:
			visit(i)
		}
	}
	return quote != 0
}

// printable keeps a terminal from obeying what is in a text from elsewhere: control
// characters but for tabs become question marks.
func printable(text string) string {
	ok := true
	for _, r := range text {
		ok = ok && !control(r)
	}
	if ok {
		return text
	}
	return strings.Map(func(r rune) rune {
		if control(r) {
			return '?'
		}
		return r
	}, text)
}

func control(r rune) bool {
	return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError
}
