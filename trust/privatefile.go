// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"io/fs"

	"github.com/linkspan/linkspan"
)

// ReadPrivate reads a file that holds a key. One that others than its owner may open is
// refused with code Permission.
func ReadPrivate(path string) ([]byte, error) { return readPrivate(path) }

// CreatePrivate makes a file that its owner alone may open, whole or not at all. One that is
// there already stays as it is; the error then has code Exists.
func CreatePrivate(path string, data []byte) error { return create(path, data, 0o600) }

// CreatePublic does the same for what everybody may read.
func CreatePublic(path string, data []byte) error { return create(path, data, 0o644) }

func create(path string, data []byte, mode fs.FileMode) error {
	err := createFile(path, data, mode)
	if errors.Is(err, fs.ErrExist) {
		return refuse(linkspan.Exists, "make "+path, "it is there already", "choose another name; a key that is lost cannot be made again")
	}
	return err
}
