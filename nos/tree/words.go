// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// bare says whether a byte can be in a word without quotes.
func bare(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-./:@,+=%*~^", c) >= 0 || c >= utf8.RuneSelf
}

// Quote returns a word as it is typed: as it is, or in double quotes, where \"
// \\ \n and \t stand for a quote, a backslash, a line break and a tab.
func Quote(word string) string {
	plain := word != ""
	for i := range len(word) {
		plain = plain && bare(word[i])
	}
	if plain {
		return word
	}
	quoted := make([]byte, 0, len(word)+2)
	quoted = append(quoted, '"')
	for i := range len(word) {
		switch c := word[i]; c {
		case '\\', '"':
			quoted = append(quoted, '\\', c)
		case '\n':
			quoted = append(quoted, '\\', 'n')
		case '\t':
			quoted = append(quoted, '\\', 't')
		default:
			quoted = append(quoted, c)
		}
	}
	return string(append(quoted, '"'))
}

// Join returns words as they are typed.
func Join(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = Quote(w)
	}
	return strings.Join(quoted, " ")
}

// Word is a word of a line and where it is: bytes from Start up to End, with its quotes.
type Word struct {
	Text       string
	Start, End int
	Open       bool // the quotes that it begins with are not closed
}

// Split divides a line into words. In double quotes a backslash has its meaning as in
// [Quote]; what is in single quotes is as it stands. A word that begins with # and
// all after it is left out. The error is a *[Problem] with its column; the
// words before it are returned, and the word itself if only its quotes are open.
func Split(line string) ([]Word, error) {
	var words []Word
	for i := 0; ; {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '\r') {
			i++
		}
		if i == len(line) || line[i] == '#' {
			return words, nil
		}
		w, err := splitWord(line, i)
		if err == nil || w.Open {
			words = append(words, w)
		}
		if err != nil {
			return words, err
		}
		i = w.End
	}
}

// splitWord reads the word that begins at start; parts of it may be in quotes.
func splitWord(line string, start int) (Word, error) {
	var b strings.Builder
	w := Word{Start: start, End: start}
	for w.End < len(line) && bare(line[w.End]) || w.End < len(line) && (line[w.End] == '"' || line[w.End] == '\'') {
		c := line[w.End]
		if c != '"' && c != '\'' {
			b.WriteByte(c)
			w.End++
			continue
		}
		n, err := unquote(&b, line[w.End:])
		w.End += n
		if err != nil {
			w.Text, w.Open = b.String(), w.End == len(line)
			return w, &Problem{Position: Position{1, w.Start + 1}, Message: err.Error()}
		}
	}
	w.Text = b.String()
	if w.End < len(line) && !strings.ContainsRune(" \t\r", rune(line[w.End])) {
		return w, &Problem{Position: Position{1, w.End + 1}, Message: fmt.Sprintf("%s can only be in quotes", strconv.QuoteRune(rune(line[w.End])))}
	}
	return w, nil
}

// unquote reads quoted text with its quotes and returns its length.
func unquote(b *strings.Builder, s string) (int, error) {
	escapes := map[byte]byte{'"': '"', '\\': '\\', 'n': '\n', 't': '\t'}
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1, nil
		case s[i] == '\\' && s[0] == '"':
			i++
			if i == len(s) {
				break
			}
			c, ok := escapes[s[i]]
			if !ok {
				return i, fmt.Errorf("\\%c means nothing: a backslash is written twice", s[i])
			}
			b.WriteByte(c)
		default:
			b.WriteByte(s[i])
		}
	}
	return len(s), fmt.Errorf("the quotes are not closed")
}
