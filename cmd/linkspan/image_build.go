// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/moby/client"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/registry/recipe"
	images "github.com/linkspan/linkspan/registry/recipe/build"
)

// builtRow is an image that was made, as it is printed.
type builtRow struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Digest       string `json:"digest"`
	Architecture string `json:"architecture"`
	Size         uint64 `json:"size"` // bytes, compressed
	Layers       int    `json:"layers"`
	Packages     int    `json:"packages"`
}

var builtTable = output.Table[builtRow]{
	Name: func(r builtRow) string { return r.Digest },
	Columns: []output.Column[builtRow]{
		{Title: "NAME", Value: func(r builtRow) string { return r.Name + ":" + r.Version }},
		{Title: "DIGEST", Value: func(r builtRow) string { return r.Digest }},
		{Title: "ARCHITECTURE", Value: func(r builtRow) string { return r.Architecture }},
		{Title: "SIZE", Value: func(r builtRow) string { return size(r.Size) }},
		{Title: "LAYERS", Value: func(r builtRow) string { return strconv.Itoa(r.Layers) }},
		{Title: "PACKAGES", Value: func(r builtRow) string { return strconv.Itoa(r.Packages) }},
	},
}

// buildFlags say how images are made, and where they go.
type buildFlags struct {
	cache, locks, architecture, sources string
	update                              bool

	layout, archive, push, ca string
	load                      bool
}

func (a *app) imageBuild() *cobra.Command {
	var f buildFlags
	var o output.Options
	c := &cobra.Command{
		Use: "build RECIPE...", Short: "make images of recipes", Args: atLeast(1), ValidArgsFunction: completeRecipes,
		Long: `Make images of recipes: of Debian packages, files and static programs, on a layer that all share. No Docker
is needed, and no rights. A recipe is the name of one that linkspan brings, or a folder, written with / or .
at its beginning. The packages are those that its lock file names (recipe.lock beside it, or in --locks), so
that the same recipe gives the same digest. Where there is none, or with --update, they are those that are
offered now, and the lock file is written.

SOURCE_DATE_EPOCH, if it is set, is the time of all files, instead of the recipes' dates.`,
		Example: "  linkspan image build base/routing --load\n  linkspan image build base/routing base/dns-dhcp --layout ./images\n" +
			"  linkspan image build ./dns --push registry1:5000/shop/dns:1.0.0\n  linkspan image build base/slim --update -q",
		RunE: func(cmd *cobra.Command, names []string) error {
			if f.push != "" && len(names) > 1 || f.archive != "" && len(names) > 1 {
				return usageError{errors.New("--push and --archive are for one recipe")}
			}
			rows, err := a.buildImages(cmd.Context(), &f, o.Quiet, names)
			if err != nil {
				return a.recipeMistakes(err)
			}
			return builtTable.Print(a.out, o, rows)
		},
	}
	f.addFlags(c)
	o.AddFlags(c.Flags(), true)
	return c
}

func (f *buildFlags) addFlags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.layout, "layout", "", "write the images and what is in them into this `folder`, an OCI layout")
	flags.StringVar(&f.archive, "archive", "", "write the image into this `file`, for docker load")
	flags.StringVar(&f.push, "push", "", "store the image in a registry, at `REGISTRY/REPOSITORY:TAG`")
	flags.BoolVar(&f.load, "load", false, "give the images to the Docker of this host")
	flags.BoolVar(&f.update, "update", false, "take the packages that are offered now, and write the lock files")
	flags.StringVar(&f.architecture, "architecture", "", "make them for this `architecture`, as Go names it; this host's if it is not given")
	flags.StringVar(&f.cache, "cache", "", "keep packages and layers in this `folder`; in the user's cache if it is not given")
	flags.StringVar(&f.locks, "locks", "", "keep the lock files of recipes that linkspan brings in this `folder`; beside the cache if it is not given")
	flags.StringVar(&f.sources, "sources", "", "get packages as this `file` says (sources.list(5)); as the host does if it is not given")
	flags.StringVar(&f.ca, "ca", "", "trust the certificates in this `file` for the registry, beside those that Docker keeps for it")
	_ = c.MarkFlagDirname("layout")
	_ = c.MarkFlagDirname("cache")
	_ = c.MarkFlagDirname("locks")
	for _, name := range []string{"archive", "sources", "ca"} {
		_ = c.MarkFlagFilename(name)
	}
}

// buildImages makes images one after the other, and brings each to where it is to go.
func (a *app) buildImages(ctx context.Context, f *buildFlags, quiet bool, names []string) ([]builtRow, error) {
	p := &steps{progress: newProgress(a.err, quiet)}
	defer p.end()
	b, err := f.builder(ctx, p)
	if err != nil {
		return nil, err
	}
	var rows []builtRow
	for _, name := range names {
		source, err := recipe.Find(name)
		if err != nil {
			return nil, err
		}
		i, err := b.Build(ctx, source)
		if err != nil {
			return nil, err
		}
		if err := f.bring(ctx, i, p); err != nil {
			return nil, err
		}
		rows = append(rows, builtRow{i.Name, i.Version, i.Digest, i.Architecture, uint64(i.Size), i.Layers, len(i.Packages)})
	}
	return rows, nil
}

// builder returns what makes images as the flags say.
func (f *buildFlags) builder(ctx context.Context, p *steps) (*images.Builder, error) {
	cache := f.cache
	if cache == "" {
		own, err := os.UserCacheDir()
		if err != nil {
			own = "/var/cache"
		}
		cache = filepath.Join(own, "linkspan")
	}
	whole, err := filepath.Abs(cache)
	if err != nil {
		return nil, err
	}
	b := &images.Builder{Cache: whole, Locks: f.locks, Update: f.update, Architecture: f.architecture, Sources: f.sources, Progress: p.step}
	if b.Locks == "" {
		b.Locks = filepath.Join(whole, "locks")
	}
	b.Pull = func(reference string) (v1.Image, error) {
		r, err := f.registry(reference)
		if err != nil {
			return nil, err
		}
		return r.Pull(ctx, reference, b.Architecture)
	}
	b.Epoch, err = epoch(os.Getenv("SOURCE_DATE_EPOCH"))
	return b, err
}

// epoch reads SOURCE_DATE_EPOCH: seconds since 1970 (reproducible-builds.org, 2017).
func epoch(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("SOURCE_DATE_EPOCH is %.40q", text), Hint: "write seconds since 1970"}
	}
	t := time.Unix(seconds, 0)
	return &t, nil
}

func (f *buildFlags) registry(reference string) (images.Registry, error) {
	t, err := images.Trusting(reference, images.DockerCertificates, f.ca)
	return images.Registry{Transport: t}, err
}

// bring brings an image to where it is to go.
func (f *buildFlags) bring(ctx context.Context, i *images.Image, p *steps) error {
	if f.layout != "" {
		p.step("writing "+f.layout, 0)
		if err := i.WriteLayout(f.layout); err != nil {
			return err
		}
	}
	if f.archive != "" {
		p.step("writing "+f.archive, 0)
		if err := writeWhole(f.archive, func(w io.Writer) error { return i.WriteArchive(w, "") }); err != nil {
			return err
		}
	}
	if f.load {
		p.step("giving "+i.Reference()+" to Docker", 0)
		if err := load(ctx, i); err != nil {
			return err
		}
	}
	if f.push == "" {
		return nil
	}
	r, err := f.registry(f.push)
	if err != nil {
		return err
	}
	return r.Push(ctx, i, f.push, func(done float64) { p.step("pushing "+f.push, done) })
}

// writeWhole writes a file under another name first, so that it is there whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), path)
}

// load gives an image to the Docker that the environment names.
func load(ctx context.Context, i *images.Image) error {
	d, err := client.New(client.FromEnv)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // it answered
	r, w := io.Pipe()
	go func() { w.CloseWithError(i.WriteArchive(w, "")) }()
	answer, err := d.ImageLoad(ctx, r)
	if err != nil {
		_ = r.CloseWithError(err) // the writer ends
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "Docker does not take the image", Hint: "see that dockerd runs: docker version", Err: err}
	}
	defer answer.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(io.LimitReader(answer, 1<<20))
	if err == nil && strings.Contains(string(text), `"errorDetail"`) {
		err = &linkspan.Error{Code: linkspan.Internal, Message: "Docker does not take the image: " + strings.TrimSpace(string(text))}
	}
	return err
}

// recipeMistakes prints what is wrong with a recipe, a line each.
func (a *app) recipeMistakes(err error) error {
	var wrong yamlfile.Problems
	if !errors.As(err, &wrong) {
		return err
	}
	for _, p := range wrong {
		fmt.Fprintln(a.err, p)
	}
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%d mistakes", len(wrong)), Hint: "linkspan image recipe lint RECIPE"}
}
