// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"fmt"
	"io"
	"os"

	"github.com/linkspan/linkspan"
)

// TokenVariable is the environment variable that may hold a join token. Who has
// read it takes it out of the environment before starting other programs.
const TokenVariable = "LINKSPAN_JOIN"

const maxTokenText = int64(2 * maxTokenBinary)

// TokenSource is where a join token may be read from. There is no way to give
// it as an argument of a command, where every user of the host could read it.
type TokenSource struct {
	Path   string              // a file, "-" for Stdin, empty for the environment
	Stdin  io.Reader           // for the path "-"
	Getenv func(string) string // for the empty path; nil for os.Getenv
}

// ReadToken reads a token from where src says. A regular file that others than
// its owner may open is refused (code permission); no token at all is an error
// of code not_found; one that cannot be parsed is of code invalid.
func ReadToken(src TokenSource) (Token, error) {
	text, err := src.read()
	if err != nil {
		return Token{}, err
	}
	return ParseToken(text)
}

func (src TokenSource) read() (string, error) {
	switch src.Path {
	case "":
		return src.environment()
	case "-":
		return readAtMost("standard input", src.Stdin)
	default:
		return readTokenFile(src.Path)
	}
}

func (src TokenSource) environment() (string, error) {
	getenv := src.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	if text := getenv(TokenVariable); text != "" {
		return text, nil
	}
	return "", refuse(linkspan.NotFound, "join token", "none was given",
		"put it into a file and name it with --join-file, or into the environment as "+TokenVariable)
}

func readTokenFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", wrap(linkspan.NotFound, "join token", "cannot open its file", "", err)
	}
	defer func() { _ = f.Close() }()
	if err := ownerOnly(f); err != nil {
		return "", err
	}
	return readAtMost(path, f)
}

func readAtMost(name string, r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxTokenText+1))
	if err != nil {
		return "", fmt.Errorf("read join token from %s: %w", name, err)
	}
	if int64(len(text)) > maxTokenText {
		return "", invalid("join token", name+" is too long to be one")
	}
	return string(text), nil
}
