// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/storage"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// root is where the library's storage begins below a folder; its layout is fixed (version 2).
const root = "/docker/registry/v2"

// Collection says what to collect.
type Collection struct {
	DryRun   bool                               // only count
	Untagged bool                               // manifests, too, that no tag names, directly, through an index, or as a referrer
	Grace    time.Duration                      // what is younger is left, as it may belong to a push that has not ended
	Now      time.Time                          // the time that it is
	Spared   func(string, time.Duration) bool   // a blob that somebody counts on since less than a time; nil: none
	Progress func(step string, done, total int) // called as it goes on; nil: nobody is told
}

// Collected is what a collection has removed, or would have.
type Collected struct {
	Repositories int
	Manifests    int   // removed
	Blobs        int   // removed
	Uploads      int   // removed, that never ended
	Freed        int64 // bytes
	Kept         int   // blobs that images need
	Young        int   // blobs that nothing needs and that were spared
}

// collector is one collection.
type collector struct {
	*Catalog
	Collection
	Collected
	vacuum storage.Vacuum
	needed map[digest.Digest]bool // by manifests that stay
}

// Collect removes what no image needs. Nothing may be written meanwhile. What it was
// about when it was ended in the middle, it finishes the next time: what is removed is
// removed from the top, so that no image is ever without a part.
func (c *Catalog) Collect(ctx context.Context, o Collection) (Collected, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if o.Spared == nil {
		o.Spared = func(string, time.Duration) bool { return false }
	}
	w := &collector{Catalog: c, Collection: o, vacuum: storage.NewVacuum(ctx, c.driver), needed: map[digest.Digest]bool{}}
	names, err := c.Repositories(ctx)
	if err != nil {
		return w.Collected, err
	}
	w.Collected.Repositories = len(names)
	for i, name := range names {
		o.Progress("reading repositories", i, len(names))
		if err := w.repositoryOf(ctx, name); err != nil {
			return w.Collected, fmt.Errorf("collect in %s: %w", name, err)
		}
	}
	// Only now is known what all repositories need together.
	for i, name := range names {
		o.Progress("removing links", i, len(names))
		if err := w.links(ctx, name); err != nil {
			return w.Collected, fmt.Errorf("collect in %s: %w", name, err)
		}
	}
	if err := w.blobs(ctx); err != nil {
		return w.Collected, err
	}
	return w.Collected, w.uploads(ctx)
}

// repositoryOf removes manifests that are to go, and marks what the others need.
func (w *collector) repositoryOf(ctx context.Context, name string) error {
	r, manifests, err := w.repository(ctx, name)
	if err != nil {
		return err
	}
	all, err := revisions(ctx, manifests)
	if err != nil {
		return err
	}
	stay := all
	if w.Untagged {
		if stay, err = w.staying(ctx, r, all); err != nil {
			return err
		}
	}
	for d, needs := range all {
		if _, stays := stay[d]; stays || w.young(ctx, d) {
			w.needed[d] = true
			for _, n := range needs.references {
				w.needed[n] = true
			}
			continue
		}
		w.Manifests++
		if w.DryRun {
			continue
		}
		tags, err := r.Tags(ctx).All(ctx)
		if err := noneIsFine(err); err != nil {
			return err
		}
		if err := w.vacuum.RemoveManifest(name, d, tags); noneIsFine(err) != nil {
			return err
		}
	}
	return nil
}

// revision is what a manifest refers to.
type revision struct {
	references []digest.Digest
	subject    digest.Digest
}

// revisions returns the manifests of a repository.
func revisions(ctx context.Context, manifests distribution.ManifestService) (map[digest.Digest]revision, error) {
	all, ok := manifests.(distribution.ManifestEnumerator)
	if !ok {
		return nil, errors.New("the library lists no manifests")
	}
	out := map[digest.Digest]revision{}
	err := all.Enumerate(ctx, func(d digest.Digest) error {
		m, err := manifests.Get(ctx, d)
		if err != nil {
			return err
		}
		_, body, err := m.Payload()
		if err != nil {
			return err
		}
		one := revision{}
		for _, ref := range m.References() {
			one.references = append(one.references, ref.Digest)
		}
		var content Content
		content.blobs = map[digest.Digest]int64{}
		if err := content.manifest(body); err != nil {
			return err
		}
		one.subject = content.Subject
		out[d] = one
		return ctx.Err()
	})
	return out, noneIsFine(err)
}

// staying returns the manifests that a tag names, what is in their indexes, and what
// refers to one of these.
func (w *collector) staying(ctx context.Context, r distribution.Repository, all map[digest.Digest]revision) (map[digest.Digest]revision, error) {
	tags, err := r.Tags(ctx).All(ctx)
	if err := noneIsFine(err); err != nil {
		return nil, err
	}
	stay := map[digest.Digest]revision{}
	var add func(digest.Digest)
	add = func(d digest.Digest) {
		m, here := all[d]
		if _, done := stay[d]; done || !here {
			return
		}
		stay[d] = m
		for _, child := range m.references {
			add(child)
		}
		for other, o := range all {
			if o.subject == d {
				add(other)
			}
		}
	}
	for _, tag := range tags {
		d, err := r.Tags(ctx).Get(ctx, tag)
		if err := noneIsFine(err); err != nil {
			return nil, err
		}
		add(d.Digest)
	}
	return stay, nil
}

// links removes from a repository the links to layers that none of its manifests needs.
func (w *collector) links(ctx context.Context, name string) error {
	if w.DryRun {
		return nil
	}
	r, _, err := w.repository(ctx, name)
	if err != nil {
		return err
	}
	layers, ok := r.Blobs(ctx).(distribution.ManifestEnumerator)
	if !ok {
		return errors.New("the library lists no layers")
	}
	var gone []digest.Digest
	err = layers.Enumerate(ctx, func(d digest.Digest) error {
		if !w.needed[d] && !w.young(ctx, d) {
			gone = append(gone, d)
		}
		return ctx.Err()
	})
	if err := noneIsFine(err); err != nil {
		return err
	}
	for _, d := range gone {
		if err := w.vacuum.RemoveLayer(name, d); noneIsFine(err) != nil {
			return err
		}
	}
	return nil
}

// blobs removes the blobs that nothing needs.
func (w *collector) blobs(ctx context.Context) error {
	var gone []v1.Descriptor
	err := w.images.Blobs().Enumerate(ctx, func(d digest.Digest) error {
		switch {
		case w.needed[d]:
			w.Kept++
		case w.young(ctx, d):
			w.Young++
		default:
			info, err := w.driver.Stat(ctx, blobPath(d))
			if err != nil {
				return noneIsFine(err)
			}
			gone = append(gone, v1.Descriptor{Digest: d, Size: info.Size()})
		}
		return ctx.Err()
	})
	if err := noneIsFine(err); err != nil {
		return err
	}
	for i, d := range gone {
		w.Progress("removing blobs", i, len(gone))
		if err := ctx.Err(); err != nil {
			return err
		}
		if !w.DryRun {
			if err := w.vacuum.RemoveBlob(d.Digest.String()); noneIsFine(err) != nil {
				return err
			}
		}
		w.Blobs++
		w.Freed += d.Size
	}
	return nil
}

// uploads removes what was begun and has not ended for a long time.
func (w *collector) uploads(ctx context.Context) error {
	removed, errs := storage.PurgeUploads(ctx, w.driver, w.Now.Add(-max(w.Grace, time.Second)), !w.DryRun)
	w.Uploads = len(removed)
	for _, err := range errs {
		if noneIsFine(err) != nil {
			return err
		}
	}
	return nil
}

// young says whether a blob is to be spared as it may belong to a push.
func (w *collector) young(ctx context.Context, d digest.Digest) bool {
	if w.Grace <= 0 {
		return false
	}
	if w.Spared(d.String(), w.Grace) {
		return true
	}
	info, err := w.driver.Stat(ctx, blobPath(d))
	return err == nil && w.Now.Sub(info.ModTime()) < w.Grace
}

// blobPath is where the library keeps a blob.
func blobPath(d digest.Digest) string {
	return path.Join(root, "blobs", d.Algorithm().String(), d.Encoded()[:2], d.Encoded(), "data")
}
