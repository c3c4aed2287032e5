// SPDX-License-Identifier: Apache-2.0

package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/linkspan/linkspan"
)

// Pin is one package exactly.
type Pin struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
	SHA256       string `json:"sha256"` // of the archive, in hexadecimal
}

// PinOf returns the package that apt speaks of.
func PinOf(p Paragraph) Pin {
	return Pin{Name: p.Get("Package"), Version: p.Get("Version"), Architecture: p.Get("Architecture"), SHA256: p.Get("SHA256")}
}

// Download returns the archives of packages, in their order: those that were got before, and
// the others by apt. What they are is checked by their hashes. Errors have code NotFound
// where a version is not offered any more.
func (a *APT) Download(ctx context.Context, pins []Pin, progress func(percent float64, text string)) ([]string, error) {
	paths := make([]string, len(pins))
	var missing []string
	for i, p := range pins {
		paths[i] = filepath.Join(a.Dir, "packages", p.SHA256+".deb")
		if _, err := os.Stat(paths[i]); err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			missing = append(missing, p.Name+"="+p.Version)
		}
	}
	if len(missing) == 0 {
		return paths, nil
	}
	if err := a.fetch(ctx, pins, missing, progress); err != nil {
		return nil, err
	}
	for i, p := range pins {
		if _, err := os.Stat(paths[i]); err != nil {
			return nil, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("package %s %s is not the one that was pinned", p.Name, p.Version), Hint: "pin what is offered now: --update"}
		}
	}
	return paths, nil
}

// fetch gets packages into a folder beside, and moves those that are right to their places.
func (a *APT) fetch(ctx context.Context, pins []Pin, missing []string, progress func(float64, string)) error {
	if err := a.folders(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(a.Dir, "download-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // another one is made next time
	if _, err := a.run(ctx, dir, progress, "apt-get", append([]string{"download", "-q"}, missing...)...); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return err
	}
	for _, path := range found {
		hash, err := fileHash(path)
		if err != nil {
			return err
		}
		for _, p := range pins {
			if strings.EqualFold(p.SHA256, hash) {
				if err := os.Rename(path, filepath.Join(a.Dir, "packages", p.SHA256+".deb")); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
	}
	return nil
}

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
