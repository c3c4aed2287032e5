// SPDX-License-Identifier: Apache-2.0

package build

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe"
	"github.com/linkspan/linkspan/registry/recipe/debian"
	"github.com/linkspan/linkspan/registry/recipe/layer"
)

// choose says which packages are in the image: those that the lock names, or, where there is
// none or another one is asked for, those that are offered now, which the lock then names.
func (o *one) choose(ctx context.Context) error {
	if len(o.recipe.Packages) == 0 {
		return nil
	}
	lock, err := recipe.ReadLock(o.source, o.Locks, o.recipe.Name)
	if err != nil {
		return err
	}
	pins, locked := lock.Architectures[o.apt.Architecture]
	if locked && !o.Update {
		o.pins = pins
		return o.complete()
	}
	if o.pins, err = o.resolve(ctx); err != nil {
		return err
	}
	if lock.Architectures == nil {
		lock.Architectures = make(map[string][]debian.Pin)
	}
	lock.Architectures[o.apt.Architecture] = o.pins
	if o.source.Dir == "" && o.Locks == "" {
		return nil // there is no place for it
	}
	return lock.Write(recipe.LockFile(o.source, o.Locks, o.recipe.Name))
}

// complete says whether the lock has what the recipe asks for.
func (o *one) complete() error {
	for _, name := range o.recipe.Packages {
		is := func(p debian.Paragraph) bool { return p.Get("Package") == name }
		if !slices.ContainsFunc(o.pins, func(p debian.Pin) bool { return p.Name == name }) && !slices.ContainsFunc(o.base.packages, is) {
			return &linkspan.Error{Code: linkspan.Conflict, Message: "the lock of " + o.recipe.Name + " does not have package " + name, Hint: "make it anew: --update"}
		}
	}
	return nil
}

// resolve asks apt what is needed.
func (o *one) resolve(ctx context.Context) ([]debian.Pin, error) {
	if err := o.refresh(ctx, o.Update); err != nil {
		return nil, err
	}
	o.tell("choosing packages of "+o.recipe.Name, 0)
	needed, err := o.apt.Resolve(ctx, debian.Wanted{Names: o.recipe.Packages, LeaveOut: o.recipe.LeaveOut.Packages, There: o.base.packages})
	if err != nil {
		return nil, err
	}
	pins := make([]debian.Pin, len(needed))
	for i, p := range needed {
		pins[i] = debian.PinOf(p)
	}
	return pins, nil
}

// fresh is how old lists of packages may be to count as new.
const fresh = 10 * time.Minute

// refresh gets the lists of packages, if there are none or new ones are asked for.
func (o *one) refresh(ctx context.Context, anew bool) error {
	if last := o.apt.Updated(); o.updated || time.Since(last) < fresh || !anew && !last.IsZero() {
		return nil
	}
	o.tell("getting the lists of packages", 0)
	err := o.apt.Update(ctx, func(percent float64, _ string) { o.tell("getting the lists of packages", percent/100) })
	o.updated = err == nil
	return err
}

// download gets the packages, after the lists of them where a version is not in those that are there.
func (o *one) download(ctx context.Context) ([]string, error) {
	if len(o.pins) == 0 {
		return nil, nil
	}
	step := fmt.Sprintf("getting %d packages of %s", len(o.pins), o.recipe.Name)
	get := func() ([]string, error) {
		o.tell(step, 0)
		return o.apt.Download(ctx, o.pins, func(percent float64, _ string) { o.tell(step, percent/100) })
	}
	paths, err := get()
	if linkspan.CodeOf(err) != linkspan.NotFound || o.updated {
		return paths, err
	}
	if err := o.refresh(ctx, true); err != nil {
		return nil, err
	}
	return get()
}

// unpack puts the files of packages into the layer.
func (o *one) unpack(t *layer.Tree, files []string) error {
	step := "unpacking packages of " + o.recipe.Name
	for i, file := range files {
		o.tell(step, float64(i)/float64(len(files)))
		if err := o.unpackOne(t, file); err != nil {
			return fmt.Errorf("%s: %w", o.pins[i].Name, err)
		}
	}
	return nil
}

func (o *one) unpackOne(t *layer.Tree, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	control, err := debian.Read(f, func(h *tar.Header, content io.Reader) error {
		if h.Typeflag == tar.TypeChar || h.Typeflag == tar.TypeBlock || h.Typeflag == tar.TypeFifo || path.Clean(h.Name) == "." {
			return nil
		}
		return t.Add(h, content)
	})
	if err != nil {
		return err
	}
	return t.Put(layer.File{Path: path.Join(packagesDir, control.Get("Package")), Mode: 0o644}, strings.NewReader(control.String()))
}

// fileMode is a mode as recipes have it.
func fileMode(text string, other uint32) fs.FileMode {
	bits := recipe.Octal(text, other)
	mode := fs.FileMode(bits & 0o777)
	if bits&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	return mode
}
