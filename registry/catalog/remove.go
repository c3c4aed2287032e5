// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"path"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// Removed is what was removed.
type Removed struct {
	Tags     []string      // that are no more
	Digest   digest.Digest // what they named
	Manifest bool          // whether the manifest went, too
}

// Remove removes a tag; or, named by digest, the manifest with all its tags. The space is
// free after [Catalog.Collect]. The error is NotFound.
func (c *Catalog) Remove(ctx context.Context, ref Reference) (Removed, error) {
	r, manifests, err := c.repository(ctx, ref.Repository)
	if err != nil {
		return Removed{}, err
	}
	d, err := resolve(ctx, r, ref)
	if err != nil {
		return Removed{}, err
	}
	if ref.Digest == "" {
		return Removed{Tags: []string{ref.Tag}, Digest: d}, notFoundOrNil(ref, r.Tags(ctx).Untag(ctx, ref.Tag))
	}
	has, err := manifests.Exists(ctx, d)
	if err != nil || !has {
		return Removed{}, notFound(ref.String(), orUnknown(err))
	}
	tags, err := c.tagsOf(ctx, r, d)
	if err != nil {
		return Removed{}, err
	}
	for _, tag := range tags {
		if err := r.Tags(ctx).Untag(ctx, tag); err != nil {
			return Removed{}, err
		}
	}
	return Removed{Tags: tags, Digest: d, Manifest: true}, notFoundOrNil(ref, manifests.Delete(ctx, d))
}

func notFoundOrNil(ref Reference, err error) error {
	if err == nil {
		return nil
	}
	return notFound(ref.String(), err)
}

// Drop removes what was uploaded of a blob that does not come whole.
func (c *Catalog) Drop(ctx context.Context, repository, upload string) error {
	return noneIsFine(c.driver.Delete(ctx, path.Join(root, "repositories", repository, "_uploads", upload)))
}

// orUnknown returns an error, or that something is not there.
func orUnknown(err error) error {
	if err == nil {
		return distribution.ErrBlobUnknown
	}
	return err
}

// tagsOf returns the tags that name a manifest.
func (c *Catalog) tagsOf(ctx context.Context, r distribution.Repository, d digest.Digest) ([]string, error) {
	tags, err := r.Tags(ctx).Lookup(ctx, v1.Descriptor{Digest: d})
	return tags, noneIsFine(err)
}
