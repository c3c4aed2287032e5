// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan"
)

// ownerOnly refuses a regular file that others than its owner may open. A pipe
// is open to whoever made it, whatever its mode.
func ownerOnly(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return refuse(linkspan.Permission, "read "+f.Name(),
			fmt.Sprintf("it holds a secret and others may open it (mode %04o)", info.Mode().Perm()),
			"chmod 600 "+f.Name())
	}
	return nil
}

// readPrivate reads a file of ours that holds a key.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := ownerOnly(f); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

// replaceFile puts data at path so that after a crash there is the old content
// or the new, never a part.
func replaceFile(path string, data []byte, mode fs.FileMode) error {
	return placeFile(path, data, mode, os.Rename)
}

// createFile does the same but leaves a file that is there already as it is,
// and then returns fs.ErrExist.
func createFile(path string, data []byte, mode fs.FileMode) error {
	return placeFile(path, data, mode, os.Link)
}

func placeFile(path string, data []byte, mode fs.FileMode, place func(from, to string) error) error {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := place(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// keyDir makes dir for its owner alone. One that is there already keeps its mode,
// and is refused when that lets others do what forbidden says.
func keyDir(dir string, forbidden fs.FileMode) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&forbidden != 0 {
		return refuse(linkspan.Permission, "open "+dir,
			fmt.Sprintf("it holds keys and is open to others (mode %04o)", info.Mode().Perm()),
			"chmod 700 "+dir)
	}
	return nil
}

// maxSecretFile is the greatest size of a file with a secret, in bytes.
const maxSecretFile = 64 << 10

// ReadSecret reads a file with a password or a key, of at most 64 KiB. One that others than
// its owner may open is refused (code permission), one that is not there is not_found.
func ReadSecret(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, wrap(linkspan.NotFound, "read a secret", "cannot open its file", "", err)
	}
	defer func() { _ = f.Close() }()
	if err := ownerOnly(f); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err == nil && len(text) > maxSecretFile {
		err = invalid("read "+path, "it is too long for a secret")
	}
	return text, err
}
