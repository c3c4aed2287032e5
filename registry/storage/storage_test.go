// SPDX-License-Identifier: Apache-2.0

package storage_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/distribution/v3/registry/storage/driver/factory"
	"github.com/distribution/distribution/v3/registry/storage/driver/testsuites"

	"github.com/linkspan/linkspan/registry/storage"
)

// whole is set to have the library's own suite run, which writes 10 GB.
const whole = "LINKSPAN_STORAGE_SUITE"

// TestSuite runs the library's own suite for drivers.
func TestSuite(t *testing.T) {
	if os.Getenv(whole) == "" {
		t.Skip(whole + " is not set: it writes 10 GB in some minutes")
	}
	dir := t.TempDir()
	testsuites.Driver(t, func() (storagedriver.StorageDriver, error) { return storage.New(dir), nil }, false)
}

// TestUploads is what is stored otherwise than by the library.
func TestUploads(t *testing.T) {
	dir := t.TempDir()
	d := storage.New(dir)
	const path = "/docker/registry/v2/repositories/base/a/_uploads/1/data"
	put := func(text string, more bool, end func(storagedriver.FileWriter) error) {
		t.Helper()
		w, err := d.Writer(t.Context(), path, more)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		if err := end(w); err != nil {
			t.Fatal(err)
		}
	}
	closed := func(w storagedriver.FileWriter) error { return w.Close() }
	put("one", false, closed)
	put("two", true, closed)
	if got, err := d.GetContent(t.Context(), path); err != nil || string(got) != "onetwo" {
		t.Errorf("%q, %v", got, err)
	}
	put("three", false, func(w storagedriver.FileWriter) error {
		if err := w.Commit(t.Context()); err != nil {
			return err
		}
		if _, err := w.Write([]byte("x")); err == nil {
			t.Error("written after the commit")
		}
		return w.Close()
	})
	if err := d.Move(t.Context(), path, "/docker/registry/v2/blobs/data"); err != nil {
		t.Error(err)
	}
	if got, err := d.GetContent(t.Context(), "/docker/registry/v2/blobs/data"); err != nil || string(got) != "three" {
		t.Errorf("%q, %v", got, err)
	}
	put("four", false, func(w storagedriver.FileWriter) error { return w.Cancel(t.Context()) })
	if _, err := os.Stat(filepath.Join(dir, path)); !os.IsNotExist(err) {
		t.Errorf("canceled, and there: %v", err)
	}
}

func TestRegister(t *testing.T) {
	storage.Register()
	storage.Register()
	d, err := factory.Create(t.Context(), storage.Name, storage.Parameters(t.TempDir()))
	if err != nil || d.Name() != "filesystem" {
		t.Errorf("%v, %v", d, err)
	}
}
