// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/distribution/distribution/v3"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan"
)

// maxConfig is the greatest image configuration that is read, in bytes.
const maxConfig = 8 << 20

// Image is a tag or a digest of a repository, with what it names.
type Image struct {
	Reference
	Content
}

// Content is what a manifest says, and with it the configuration that it names.
type Content struct {
	Digest       digest.Digest
	MediaType    string
	ArtifactType string            // of an artifact that is no image
	Subject      digest.Digest     // of what refers to another manifest
	Size         int64             // bytes of the manifest and all that it names, each blob once
	Platforms    []string          // os/architecture
	Labels       map[string]string // of the image's configuration
	Annotations  map[string]string
	Created      time.Time // zero if nothing says it
	Layers       []Layer
	Manifests    []digest.Digest // of an index
	blobs        map[digest.Digest]int64
}

// Layer is a layer of an image.
type Layer struct {
	Digest    digest.Digest
	MediaType string
	Size      int64 // bytes
}

// List returns the images that have tags, of repositories that a pattern of
// package path's form fits, by name; all if wants is nil.
func (c *Catalog) List(ctx context.Context, wants func(repository string) bool) ([]Image, error) {
	names, err := c.Repositories(ctx)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var images []Image
	for _, name := range names {
		if wants != nil && !wants(name) {
			continue
		}
		more, err := c.tagged(ctx, name)
		if err != nil {
			return nil, err
		}
		images = append(images, more...)
	}
	return images, nil
}

// tagged returns the images of a repository that have tags. One that is removed meanwhile is left out.
func (c *Catalog) tagged(ctx context.Context, name string) ([]Image, error) {
	r, manifests, err := c.repository(ctx, name)
	if err != nil {
		return nil, err
	}
	tags, err := r.Tags(ctx).All(ctx)
	if err := noneIsFine(err); err != nil {
		return nil, err
	}
	slices.Sort(tags)
	var images []Image
	for _, tag := range tags {
		ref := Reference{Repository: name, Tag: tag}
		d, err := r.Tags(ctx).Get(ctx, tag)
		if err == nil {
			var content Content
			if content, err = c.content(ctx, r, manifests, d.Digest); err == nil {
				images = append(images, Image{ref, content})
			}
		}
		if err != nil && linkspan.CodeOf(notFound(ref.String(), err)) != linkspan.NotFound {
			return nil, fmt.Errorf("read image %s: %w", ref, err)
		}
	}
	return images, nil
}

// Get returns an image. The error is NotFound.
func (c *Catalog) Get(ctx context.Context, ref Reference) (Image, error) {
	r, manifests, err := c.repository(ctx, ref.Repository)
	if err != nil {
		return Image{}, err
	}
	d, err := resolve(ctx, r, ref)
	if err != nil {
		return Image{}, err
	}
	content, err := c.content(ctx, r, manifests, d)
	if err != nil {
		return Image{}, notFound(ref.String(), err)
	}
	return Image{ref, content}, nil
}

// resolve returns the digest that a reference names.
func resolve(ctx context.Context, r distribution.Repository, ref Reference) (digest.Digest, error) {
	if ref.Digest != "" {
		return ref.Digest, nil
	}
	d, err := r.Tags(ctx).Get(ctx, ref.Tag)
	if err != nil {
		return "", notFound(ref.String(), err)
	}
	return d.Digest, nil
}

// content returns what a manifest says. It is remembered, but not that the repository has it.
func (c *Catalog) content(ctx context.Context, r distribution.Repository, manifests distribution.ManifestService, d digest.Digest) (Content, error) {
	c.mu.Lock()
	known, ok := c.known[d]
	c.mu.Unlock()
	if ok {
		if has, err := manifests.Exists(ctx, d); err != nil || !has {
			return Content{}, errors.Join(err, distribution.ErrBlobUnknown)
		}
		return known, nil
	}
	content, err := c.read(ctx, r, manifests, d, 0)
	if err != nil {
		return Content{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[d] = content
	return content, nil
}

// deepest is how many indexes may be in one another.
const deepest = 4

// read reads a manifest and its configuration; of an index those of its manifests.
func (c *Catalog) read(ctx context.Context, r distribution.Repository, manifests distribution.ManifestService, d digest.Digest, depth int) (Content, error) {
	m, err := manifests.Get(ctx, d)
	if err != nil {
		return Content{}, err
	}
	mediaType, body, err := m.Payload()
	if err != nil {
		return Content{}, err
	}
	content := Content{Digest: d, MediaType: mediaType, blobs: map[digest.Digest]int64{d: int64(len(body))}}
	if err := content.manifest(body); err != nil {
		return Content{}, err
	}
	for _, child := range content.Manifests {
		if depth >= deepest {
			break
		}
		part, err := c.read(ctx, r, manifests, child, depth+1)
		if err != nil {
			continue // of a platform that is not here
		}
		content.add(part)
	}
	if config := content.config(body); config != "" {
		content.configuration(ctx, r, config)
	}
	for _, size := range content.blobs {
		content.Size += size
	}
	return content, nil
}

// manifest reads what the manifest itself says.
func (c *Content) manifest(body []byte) error {
	var m struct {
		ArtifactType string            `json:"artifactType"`
		Config       *v1.Descriptor    `json:"config"`
		Layers       []v1.Descriptor   `json:"layers"`
		Manifests    []v1.Descriptor   `json:"manifests"`
		Subject      *v1.Descriptor    `json:"subject"`
		Annotations  map[string]string `json:"annotations"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("read a manifest: %w", err)
	}
	c.ArtifactType, c.Annotations = m.ArtifactType, m.Annotations
	if m.Subject != nil {
		c.Subject = m.Subject.Digest
	}
	if m.Config != nil {
		c.blobs[m.Config.Digest] = m.Config.Size
	}
	for _, l := range m.Layers {
		c.Layers = append(c.Layers, Layer{l.Digest, l.MediaType, l.Size})
		c.blobs[l.Digest] = l.Size
	}
	for _, child := range m.Manifests {
		c.Manifests = append(c.Manifests, child.Digest)
	}
	if at, err := time.Parse(time.RFC3339, m.Annotations[v1.AnnotationCreated]); err == nil {
		c.Created = at
	}
	return nil
}

// config returns the digest of the image configuration that a manifest names, if it is one.
func (Content) config(body []byte) digest.Digest {
	var m struct {
		Config v1.Descriptor `json:"config"`
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Config.Size > maxConfig {
		return ""
	}
	if !strings.HasPrefix(m.Config.MediaType, "application/vnd.docker.container.image") && m.Config.MediaType != v1.MediaTypeImageConfig {
		return ""
	}
	return m.Config.Digest
}

// configuration reads an image configuration. One that cannot be read says nothing.
func (c *Content) configuration(ctx context.Context, r distribution.Repository, d digest.Digest) {
	text, err := r.Blobs(ctx).Get(ctx, d)
	if err != nil {
		return
	}
	var config v1.Image
	if err := json.Unmarshal(text, &config); err != nil {
		return
	}
	c.Labels = config.Config.Labels
	if config.OS != "" {
		c.Platforms = []string{config.OS + "/" + config.Architecture}
	}
	if config.Created != nil && c.Created.IsZero() {
		c.Created = *config.Created
	}
}

// add adds what one manifest of an index has.
func (c *Content) add(part Content) {
	for d, size := range part.blobs {
		c.blobs[d] = size
	}
	for _, p := range part.Platforms {
		if !slices.Contains(c.Platforms, p) {
			c.Platforms = append(c.Platforms, p)
		}
	}
	if c.Labels == nil {
		c.Labels = part.Labels
	}
	if c.Created.IsZero() {
		c.Created = part.Created
	}
}
