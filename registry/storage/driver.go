// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
)

// Name is that of the driver in the library's table.
const Name = "linkspan"

// rootParameter is the parameter with the folder, and maxThreads how many files are read
// or written at once.
const (
	rootParameter = "rootdirectory"
	maxThreads    = 100
)

// Parameters returns the parameters of the driver of a folder.
func Parameters(dir string) map[string]any { return map[string]any{rootParameter: dir} }

// Register enters the driver into the library's table, which is one for the process: only
// the first call does.
func Register() { register() }

var register = sync.OnceFunc(func() { factory.Register(Name, maker{}) })

type maker struct{}

// Create implements factory.StorageDriverFactory.
func (maker) Create(_ context.Context, parameters map[string]any) (storagedriver.StorageDriver, error) {
	return New(fmt.Sprint(parameters[rootParameter])), nil
}

// Driver stores in a folder. It is safe for concurrent use.
type Driver struct {
	*filesystem.Driver
	dir string
}

var _ storagedriver.StorageDriver = (*Driver)(nil)

// New returns the driver of a folder.
func New(dir string) *Driver {
	return &Driver{filesystem.New(filesystem.DriverParameters{RootDirectory: dir, MaxThreads: maxThreads}), dir}
}

// uploading says whether a path is of an upload, which is not whole yet.
func uploading(path string) bool {
	return strings.Contains(path, "/_uploads/") && storagedriver.PathRegexp.MatchString(path)
}

// PutContent implements the interface.
func (d *Driver) PutContent(ctx context.Context, path string, content []byte) error {
	if !uploading(path) {
		return d.Driver.PutContent(ctx, path, content)
	}
	full := filepath.Join(d.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return err
	}
	return os.WriteFile(full, content, 0o600)
}

// Writer implements the interface.
func (d *Driver) Writer(ctx context.Context, path string, more bool) (storagedriver.FileWriter, error) {
	if !uploading(path) {
		return d.Driver.Writer(ctx, path, more)
	}
	full := filepath.Join(d.dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return nil, err
	}
	return newWriter(full, more)
}
