// SPDX-License-Identifier: Apache-2.0

package yamlfile

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// syntaxError is how the reader of YAML says what it does not understand.
var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// grammatical are the mistakes of which the library tells the line before: those
// that its parser finds and not its scanner.
var grammatical = regexp.MustCompile(`^(?:did not find expected (?:<|node content|'-' indicator|key|',' or)|found (?:undefined tag handle|duplicate %|incompatible YAML))`)

// syntax turns a mistake of YAML itself into a problem. The reader tells the line
// only: the column is where the line's text begins.
func syntax(file string, text []byte, err error) Problem {
	p := Problem{File: file, Position: Position{1, 1}, Message: err.Error(), Want: "YAML"}
	parts := syntaxError.FindStringSubmatch(strings.SplitN(err.Error(), "\n", 2)[0])
	if parts == nil {
		return p
	}
	p.Message = "this is not YAML: " + parts[2]
	if line, err := strconv.Atoi(parts[1]); err == nil {
		if grammatical.MatchString(parts[2]) {
			line++
		}
		p.Position = Position{line, Column(text, line)}
	}
	return p
}

// Column returns where the text of a line, counted from 1, begins.
func Column(text []byte, line int) int {
	lines := bytes.SplitN(text, []byte("\n"), line+1)
	if line < 1 || line > len(lines) {
		return 1
	}
	body := lines[line-1]
	return 1 + utf8.RuneCount(body[:len(body)-len(bytes.TrimLeft(body, " \t"))])
}
