// SPDX-License-Identifier: Apache-2.0

package build

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/recipe/debian"
	"github.com/linkspan/linkspan/registry/recipe/sbom"
)

// Image is an image that was made.
type Image struct {
	Name         string // of its recipe
	Version      string
	Digest       string // sha256:..., of its manifest
	Architecture string
	Size         int64 // of all its layers, in bytes
	Layers       int
	Packages     []sbom.Package // all that is in it, with its bases
	SBOM         []byte         // as SPDX

	image    v1.Image
	artifact v1.Image // the SBOM, which refers to the image
}

// image makes the image of a layer.
func (o *one) image(m *made) (*Image, error) {
	l, err := partial.CompressedToLayer(m)
	if err != nil {
		return nil, err
	}
	img, err := mutate.Append(o.base.image, mutate.Addendum{
		Layer: l, History: v1.History{Created: v1.Time{Time: o.date()}, CreatedBy: "linkspan image build " + o.recipe.Name + " " + o.recipe.Version},
	})
	if err != nil {
		return nil, err
	}
	config, err := o.config(img)
	if err != nil {
		return nil, err
	}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return nil, err
	}
	return o.described(img)
}

// described adds what is in the image.
func (o *one) described(img v1.Image) (*Image, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, err
	}
	i := &Image{Name: o.recipe.Name, Version: o.recipe.Version, Digest: digest.String(), Architecture: o.architecture(), image: img}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	i.Layers = len(layers)
	for _, l := range layers {
		n, err := l.Size()
		if err != nil {
			return nil, err
		}
		i.Size += n
	}
	all, err := look(o.recipe.Name, img)
	if err != nil {
		return nil, err
	}
	i.Packages = all.contents()
	if i.SBOM, err = sbom.Write(sbom.Document{Name: i.Name, Version: i.Version, Digest: i.Digest, Created: o.date(), Packages: i.Packages}); err != nil {
		return nil, err
	}
	i.artifact, err = artifact(img, i.SBOM, o.date())
	return i, err
}

// contents are the packages and programs of an image, by name.
func (t *there) contents() []sbom.Package {
	var all []sbom.Package
	for _, p := range t.packages {
		source, _, _ := strings.Cut(p.Get("Source"), " ")
		all = append(all, sbom.Package{
			Name: p.Get("Package"), Version: p.Get("Version"), Architecture: p.Get("Architecture"), Distribution: "debian", Source: source,
			Supplier: p.Get("Maintainer"), Homepage: p.Get("Homepage"), Licences: t.licences[p.Get("Package")],
		})
	}
	for _, p := range t.programs {
		all = append(all, sbom.Package{Name: p.Get("Package"), Version: p.Get("Version"), SHA256: p.Get("SHA256"), Licences: licence(p)})
	}
	slices.SortStableFunc(all, func(a, b sbom.Package) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func licence(p debian.Paragraph) []string {
	if l := p.Get("License"); l != "" {
		return []string{l}
	}
	return nil
}

// config returns the image's configuration: that of its base, and over it the recipe's.
func (o *one) config(img v1.Image) (*v1.ConfigFile, error) {
	before, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	c := before.DeepCopy()
	c.Created, c.OS, c.Architecture = v1.Time{Time: o.date()}, "linux", o.architecture()
	c.Author, c.Container = "", ""
	r := o.recipe
	if len(r.Init) > 0 {
		c.Config.Entrypoint, c.Config.Cmd = []string{initPath}, nil
	}
	if len(r.Entrypoint) > 0 {
		c.Config.Entrypoint, c.Config.Cmd = r.Entrypoint, nil
	}
	if len(r.Command) > 0 {
		c.Config.Cmd = r.Command
	}
	for value, at := range map[string]*string{r.User: &c.Config.User, r.WorkingDirectory: &c.Config.WorkingDir, r.StopSignal: &c.Config.StopSignal} {
		if value != "" {
			*at = value
		}
	}
	c.Config.Env = environment(c.Config.Env, r.Environment)
	if c.Config.Labels, err = o.labels(); err != nil {
		return nil, err
	}
	o.manifest(&c.Config)
	return c, nil
}

// environment adds variables to those of the base, sorted.
func environment(base []string, own map[string]string) []string {
	all := map[string]string{"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, line := range base {
		name, value, _ := strings.Cut(line, "=")
		all[name] = value
	}
	maps.Copy(all, own)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lines = append(lines, name+"="+all[name])
	}
	return lines
}

// labels are the image's own; those of its base are about another image.
func (o *one) labels() (map[string]string, error) {
	r := o.recipe
	labels := map[string]string{
		"org.opencontainers.image.title": r.Name, "org.opencontainers.image.version": r.Version, "org.opencontainers.image.description": r.Summary,
		"org.opencontainers.image.created": o.date().Format(time.RFC3339),
	}
	if r.Base != "" {
		digest, err := o.base.image.Digest()
		if err != nil {
			return nil, err
		}
		labels["org.opencontainers.image.base.digest"] = digest.String()
		labels["org.opencontainers.image.base.name"] = r.Base
	}
	if len(r.Changelog) > 0 {
		var text strings.Builder
		for _, c := range r.Changelog {
			fmt.Fprintf(&text, "%s: %s\n", c.Version, strings.TrimSpace(c.Text))
		}
		labels[linkspan.ChangelogLabel] = text.String()
	}
	m, err := r.ImageManifest(o.source)
	if err != nil || m == nil {
		return labels, err
	}
	labels[linkspan.ManifestLabel], err = m.Label()
	return labels, err
}

// manifest says to whoever knows no manifests what they can know of it.
func (o *one) manifest(c *v1.Config) {
	m := o.recipe.Manifest
	c.Healthcheck, c.Volumes = nil, nil
	if m == nil {
		return
	}
	if h := m.Health; h != nil && len(h.Command) > 0 {
		c.Healthcheck = &v1.HealthConfig{
			Test: append([]string{"CMD"}, h.Command...), Interval: h.Interval.Or(5 * time.Second), Timeout: h.Timeout.Or(3 * time.Second),
			StartPeriod: h.Start.Or(30 * time.Second), Retries: max(h.Retries, 3),
		}
	}
	for _, v := range m.Volumes {
		if c.Volumes == nil {
			c.Volumes = make(map[string]struct{})
		}
		c.Volumes[v] = struct{}{}
	}
}

// Manifest returns what the label of the image says, nil if it has none.
func (i *Image) Manifest() (*linkspan.ImageManifest, error) {
	c, err := i.image.ConfigFile()
	if err != nil {
		return nil, err
	}
	label, ok := c.Config.Labels[linkspan.ManifestLabel]
	if !ok {
		return nil, nil
	}
	return linkspan.ParseManifest(label)
}

// MarshalJSON writes what programs want to know of the image.
func (i *Image) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"name": i.Name, "version": i.Version, "digest": i.Digest, "architecture": i.Architecture, "size": i.Size, "layers": i.Layers, "packages": len(i.Packages),
	})
}
