// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/debian"
)

// Builder makes images. Its methods may be called concurrently, also by several processes:
// one after the other has the cache.
type Builder struct {
	Cache        string                                   // folder of packages, programs and layers; absolute
	Locks        string                                   // folder of the locks of embedded recipes; empty: theirs are used
	Update       bool                                     // take the packages that are offered now, and write the locks
	Architecture string                                   // as Go names it; empty: this machine's
	Sources      string                                   // file of sources of packages; empty: the machine's
	Epoch        *time.Time                               // time of all files, instead of the recipes' dates
	Progress     func(step string, done float64)          // is told each step, and how far it is from 0 to 1; may be nil
	Pull         func(reference string) (v1.Image, error) // gets a base from a registry; nil: there is none
}

// maxChain is how many images may be on each other.
const maxChain = 8

// Build makes the image of a recipe, and those that it is on.
func (b *Builder) Build(ctx context.Context, s recipe.Source) (*Image, error) {
	if err := os.MkdirAll(b.Cache, 0o755); err != nil {
		return nil, err
	}
	unlock, err := b.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	w := &work{Builder: b, apt: &debian.APT{Dir: filepath.Join(b.Cache, "apt-"+b.architecture()), Architecture: debian.Architecture(b.architecture()), Sources: b.Sources}}
	return w.build(ctx, s, 0)
}

func (b *Builder) architecture() string {
	if b.Architecture != "" {
		return b.Architecture
	}
	return runtime.GOARCH
}

func (b *Builder) tell(step string, done float64) {
	if b.Progress != nil {
		b.Progress(step, done)
	}
}

// work is the making of one image with its bases.
type work struct {
	*Builder
	apt     *debian.APT
	updated bool // the lists of packages are of now
}

func (w *work) build(ctx context.Context, s recipe.Source, depth int) (*Image, error) {
	r, err := recipe.Read(s)
	if err != nil {
		return nil, err
	}
	if depth == maxChain {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%s is the base of more than %d others", r.Name, maxChain), Hint: "see whether an image is its own base"}
	}
	base, err := w.base(ctx, s, r, depth)
	if err != nil {
		return nil, fmt.Errorf("base of %s: %w", r.Name, err)
	}
	one := &one{work: w, recipe: r, source: s, base: base}
	image, err := one.make(ctx)
	if err != nil {
		return nil, fmt.Errorf("build %s: %w", r.Name, err)
	}
	return image, nil
}

// one is the making of one image on its base.
type one struct {
	*work
	recipe *recipe.Recipe
	source recipe.Source
	base   *there
	pins   []debian.Pin
	built  []program
}

func (o *one) make(ctx context.Context) (*Image, error) {
	if err := o.choose(ctx); err != nil {
		return nil, err
	}
	if err := o.programs(ctx); err != nil {
		return nil, err
	}
	key, err := o.key()
	if err != nil {
		return nil, err
	}
	l, err := o.cached(key)
	if err != nil {
		return nil, err
	}
	if l == nil {
		if l, err = o.layer(ctx, key); err != nil {
			return nil, err
		}
	}
	return o.image(l)
}

// date is the time of all files.
func (o *one) date() time.Time {
	if o.Epoch != nil {
		return o.Epoch.UTC().Truncate(time.Second)
	}
	return o.recipe.Time()
}
