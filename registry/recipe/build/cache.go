// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe/layer"
)

// format is told by whatever is cached: another one when layers are made in another way.
const format = 1

// lock takes the cache for this process; it is waited for. What a process left behind that
// was killed is removed.
func (b *Builder) lock(ctx context.Context) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(b.Cache, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	told := false
	for unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		if !told {
			b.tell("waiting for another build", 0)
			told = true
		}
		select {
		case <-ctx.Done():
			_ = f.Close() // the other error is told
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	for _, left := range []string{"compile-*", "layer-*", "programs/.new-*", "layers/.new-*", "apt-*/download-*"} {
		found, err := filepath.Glob(filepath.Join(b.Cache, left))
		for _, path := range found {
			err = errors.Join(err, os.RemoveAll(path))
		}
		if err != nil {
			_ = f.Close() // the other error is told
			return nil, err
		}
	}
	return func() { _ = f.Close() }, nil
}

// key is the hash of all that the layer is made of.
func (o *one) key() (string, error) {
	h := sha256.New()
	layers, err := o.base.image.Layers()
	if err != nil {
		return "", err
	}
	var below []string
	for _, l := range layers {
		id, err := l.DiffID()
		if err != nil {
			return "", err
		}
		below = append(below, id.String())
	}
	var programs []string
	for _, p := range o.built {
		programs = append(programs, p.path+" "+p.hash)
	}
	whole := []any{format, runtime.Version(), o.recipe, o.pins, below, programs, o.date().Unix(), o.architecture()}
	if err := json.NewEncoder(h).Encode(whole); err != nil {
		return "", err
	}
	for _, f := range o.recipe.Files {
		if f.From == "" {
			continue
		}
		content, err := o.source.FS.Open(f.From)
		if err != nil {
			return "", err
		}
		_, err = io.Copy(h, content)
		_ = content.Close() // it was only read
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// made is a layer in a file.
type made struct {
	layer.Written
	file string
}

// cached returns the layer of that key, nil if it was never made.
func (o *one) cached(key string) (*made, error) {
	file := filepath.Join(o.Cache, "layers", key)
	text, err := os.ReadFile(file + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := &made{file: file + ".tar.gz"}
	if err != nil || json.Unmarshal(text, &m.Written) != nil {
		return nil, err
	}
	if info, err := os.Stat(m.file); err != nil || info.Size() != m.Written.Size {
		return nil, nil //nolint:nilerr // it is made again
	}
	return m, nil
}

// layer makes the layer and keeps it.
func (o *one) layer(ctx context.Context, key string) (*made, error) {
	files, err := o.download(ctx)
	if err != nil {
		return nil, err
	}
	t, err := layer.New(o.Cache, layer.Rules{LeaveOut: append(layer.Slim(), o.recipe.LeaveOut.Paths...), Keep: append(layer.SlimKept(), o.recipe.LeaveOut.Keep...)})
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if err := o.unpack(t, files); err != nil {
		return nil, err
	}
	if err := o.fill(t); err != nil {
		return nil, err
	}
	if err := o.loads(t); err != nil {
		return nil, err
	}
	o.tell("writing the layer of "+o.recipe.Name, 0)
	m := &made{file: filepath.Join(o.Cache, "layers", key+".tar.gz")}
	err = whole(m.file, func(f *os.File) error {
		m.Written, err = t.Write(f, o.date())
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, whole(filepath.Join(o.Cache, "layers", key+".json"), func(f *os.File) error { return json.NewEncoder(f).Encode(m.Written) })
}

// loads says whether all programs of the layer find their libraries.
func (o *one) loads(t *layer.Tree) error {
	missing := t.Missing(append(o.base.libraries, o.recipe.LeaveOut.Needed...))
	if len(missing) == 0 {
		return nil
	}
	if len(missing) > 8 {
		missing = append(missing[:8], "and more")
	}
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: "programs would not start: " + strings.Join(missing, ", "),
		Hint: "do not leave out their packages, or leave the programs out (leaveOut.paths), or say that nobody needs the library (leaveOut.needed)",
	}
}

// The methods of a layer of an image.

// Digest implements v1.Layer.
func (m *made) Digest() (v1.Hash, error) { return v1.NewHash("sha256:" + m.Written.Digest) }

// DiffID implements v1.Layer.
func (m *made) DiffID() (v1.Hash, error) { return v1.NewHash("sha256:" + m.Written.DiffID) }

// Size implements v1.Layer.
func (m *made) Size() (int64, error) { return m.Written.Size, nil }

// MediaType implements v1.Layer.
func (m *made) MediaType() (types.MediaType, error) { return types.OCILayer, nil }

// Compressed implements v1.Layer.
func (m *made) Compressed() (io.ReadCloser, error) { return os.Open(m.file) }
