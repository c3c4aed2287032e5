// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	storagedriver "github.com/distribution/distribution/v3/registry/storage/driver"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"

	"github.com/linkspan/linkspan"
	own "github.com/linkspan/linkspan/registry/storage"
)

// Catalog is the images of one folder. It is safe for concurrent use.
type Catalog struct {
	driver storagedriver.StorageDriver
	images distribution.Namespace

	mu    sync.Mutex
	known map[digest.Digest]Content // what does not change
}

// maxKnown bounds how many contents are remembered.
const maxKnown = 1024

// Open opens the folder that a registry keeps images in.
func Open(ctx context.Context, dir string) (*Catalog, error) {
	driver := own.New(dir)
	images, err := storage.NewRegistry(ctx, driver, storage.EnableDelete)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return &Catalog{driver: driver, images: images, known: map[digest.Digest]Content{}}, nil
}

// Repositories returns the names of all repositories.
func (c *Catalog) Repositories(ctx context.Context) (names []string, err error) {
	all, ok := c.images.(distribution.RepositoryEnumerator)
	if !ok {
		return nil, errors.New("the library lists no repositories")
	}
	err = all.Enumerate(ctx, func(name string) error {
		names = append(names, name)
		return ctx.Err()
	})
	return names, noneIsFine(err)
}

// noneIsFine turns the error of a folder that nothing was put into yet to nil.
func noneIsFine(err error) error {
	var none storagedriver.PathNotFoundError
	var unknown distribution.ErrRepositoryUnknown
	if errors.As(err, &none) || errors.As(err, &unknown) {
		return nil
	}
	return err
}

// repository opens a repository. The error is Invalid for what is no name of one.
func (c *Catalog) repository(ctx context.Context, name string) (distribution.Repository, distribution.ManifestService, error) {
	named, err := reference.WithName(name)
	if err != nil {
		return nil, nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%.60q is no name of a repository", name), Hint: "names have lower case letters, digits, separators and slashes: base/routing"}
	}
	r, err := c.images.Repository(ctx, named)
	if err != nil {
		return nil, nil, err
	}
	manifests, err := r.Manifests(ctx)
	return r, manifests, err
}

// Manifest returns a manifest of a repository. The error is NotFound.
func (c *Catalog) Manifest(ctx context.Context, repository string, d digest.Digest) ([]byte, error) {
	_, manifests, err := c.repository(ctx, repository)
	if err != nil {
		return nil, err
	}
	m, err := manifests.Get(ctx, d)
	if err != nil {
		return nil, notFound(repository+"@"+d.String(), err)
	}
	_, body, err := m.Payload()
	return body, err
}

// Has says whether a repository has a manifest.
func (c *Catalog) Has(ctx context.Context, repository string, d digest.Digest) bool {
	_, manifests, err := c.repository(ctx, repository)
	if err != nil {
		return false
	}
	has, err := manifests.Exists(ctx, d)
	return has && err == nil
}

// notFound tells what is missing from what failed.
func notFound(what string, err error) error {
	var revision distribution.ErrManifestUnknownRevision
	var manifest distribution.ErrManifestUnknown
	var tag distribution.ErrTagUnknown
	if noneIsFine(err) == nil || errors.As(err, &revision) || errors.As(err, &manifest) || errors.As(err, &tag) || errors.Is(err, distribution.ErrBlobUnknown) {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "there is no image " + what, Hint: "linkspan image ls shows those there are"}
	}
	return fmt.Errorf("read image %s: %w", what, err)
}
