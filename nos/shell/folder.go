// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// Folder is files in one folder of the switch, for those who have no files of their own
// there. Names are plain: there are no folders in it.
type Folder string

// Here is the files of who runs the program, by any path.
type Here struct{}

var (
	_ Files = Folder("")
	_ Files = Here{}
)

// maxFiles is how many files a folder holds.
const maxFiles = 100

var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)

func (f Folder) path(name string) (string, error) {
	if !plainName.MatchString(name) {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is no name of a file here", name), Hint: "letters, digits, dots, hyphens and underscores"}
	}
	return filepath.Join(string(f), name), nil
}

// Read implements the interface.
func (f Folder) Read(name string) ([]byte, error) {
	path, err := f.path(name)
	if err != nil {
		return nil, err
	}
	text, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no file %q on the switch", name)}
	}
	return text, err
}

// Write implements the interface.
func (f Folder) Write(name string, text []byte) error {
	path, err := f.path(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return err
	}
	there, err := os.ReadDir(string(f))
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err != nil && len(there) >= maxFiles {
		return &linkspan.Error{Code: linkspan.Exhausted, Message: fmt.Sprintf("%d files are saved: there is no room for more", len(there))}
	}
	return os.WriteFile(path, text, 0o600)
}

// Read implements the interface.
func (Here) Read(name string) ([]byte, error) { return readFile(name) }

// Write implements the interface.
func (Here) Write(name string, text []byte) error { return os.WriteFile(name, text, 0o600) }

// readFile reads a file that is no greater than a configuration.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(f, tree.MaxText+1))
	if len(text) > tree.MaxText {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s is longer than %d bytes", path, tree.MaxText)}
	}
	return text, err
}
