// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
)

// imageRow is an image as it is printed.
type imageRow struct {
	Repository   string            `json:"repository"`
	Tag          string            `json:"tag"`
	Digest       string            `json:"digest"`
	Version      string            `json:"version,omitempty"` // of its manifest
	Summary      string            `json:"summary,omitempty"`
	ArtifactType string            `json:"artifactType,omitempty"`
	MediaType    string            `json:"mediaType"`
	Size         uint64            `json:"size"` // bytes
	Created      *time.Time        `json:"created,omitempty"`
	Platforms    []string          `json:"platforms,omitempty"`
	Labels       map[string]string `json:"labels,omitempty"`
	Annotations  map[string]string `json:"annotations,omitempty"`
}

var imageTable = output.Table[imageRow]{
	Name: func(i imageRow) string { return i.Repository + ":" + i.Tag },
	Columns: []output.Column[imageRow]{
		{Title: "REPOSITORY", Value: func(i imageRow) string { return i.Repository }},
		{Title: "TAG", Value: func(i imageRow) string { return cmp.Or(i.Tag, "-") }},
		{Title: "DIGEST", Value: func(i imageRow) string { return shortDigest(i.Digest) }},
		{Title: "VERSION", Value: func(i imageRow) string { return cmp.Or(i.Version, "-") }},
		{Title: "CREATED", Value: func(i imageRow) string { return imageCreated(i.Created) }},
		{Title: "SIZE", Value: func(i imageRow) string { return size(i.Size) }},
	},
	Wide: []output.Column[imageRow]{
		{Title: "FULL DIGEST", Value: func(i imageRow) string { return i.Digest }},
		{Title: "SUMMARY", Value: func(i imageRow) string { return cmp.Or(i.Summary, "-") }},
	},
}

func imageCreated(at *time.Time) string {
	if at == nil {
		return "-"
	}
	return at.Local().Format(time.DateTime)
}

// shortDigest is as much of a digest as tells images apart.
func shortDigest(d string) string {
	_, hex, _ := strings.Cut(d, ":")
	return hex[:min(len(hex), 12)]
}

func newImageRow(m *apiv1.Image) imageRow {
	row := imageRow{
		Repository: m.GetRepository(), Tag: m.GetTag(), Digest: m.GetDigest(), ArtifactType: m.GetArtifactType(), MediaType: m.GetMediaType(),
		Size: m.GetSize(), Platforms: m.GetPlatforms(), Labels: m.GetLabels(), Annotations: m.GetAnnotations(),
	}
	if m.GetCreated() != nil {
		at := m.GetCreated().AsTime()
		row.Created = &at
	}
	if manifest := manifestOf(m); manifest != nil {
		row.Version, row.Summary = manifest.Version, manifest.Summary
	}
	return row
}

// manifestOf returns the manifest that an image carries as a label, or nil.
func manifestOf(m *apiv1.Image) *linkspan.ImageManifest {
	text := m.GetLabels()[linkspan.ManifestLabel]
	if text == "" {
		return nil
	}
	var manifest linkspan.ImageManifest
	if err := json.Unmarshal([]byte(text), &manifest); err != nil {
		return nil // whoever runs it is told what is wrong
	}
	return &manifest
}

func (a *app) imageCommand() *cobra.Command {
	t := &registryTarget{app: a}
	c := noun("image", "images of network services, and those of a registry", a.imageLs(t), a.imageInspect(t), a.imageRm(t), a.imageGc(t), a.imageBuild(), a.imageRecipe())
	t.addFlags(c)
	return c
}

func (a *app) imageLs(t *registryTarget) *cobra.Command {
	var o output.Options
	req := &apiv1.RegistryServiceListImagesRequest{}
	c := &cobra.Command{
		Use: "ls [PATTERN]", Aliases: []string{"list"}, Short: "list images", Args: usageArgs(cobra.MaximumNArgs(1)),
		Long:    "List the images with tags that you may pull. In the pattern of repositories * stands for any\ntext without a slash, and ** for any text.",
		Example: "  linkspan image ls\n  linkspan image ls 'base/*' --format '{{.Repository}}:{{.Tag}} {{.Size}}'",
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			if len(args) > 0 {
				req.Pattern = args[0]
			}
			r, err := client.Registry.ListImages(cmd.Context(), connect.NewRequest(req))
			if err != nil {
				return err
			}
			rows := make([]imageRow, len(r.Msg.GetImages()))
			for i, m := range r.Msg.GetImages() {
				rows[i] = newImageRow(m)
			}
			return imageTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

// imageDetail is all that is known of an image.
type imageDetail struct {
	imageRow
	Manifest  *linkspan.ImageManifest `json:"manifest,omitempty"`
	Changelog string                  `json:"changelog,omitempty"`
	Layers    []imageLayer            `json:"layers,omitempty"`
	Manifests []string                `json:"manifests,omitempty"` // of an index
	Referrers []imageReferrer         `json:"referrers,omitempty"`
}

type imageLayer struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      uint64 `json:"size"` // bytes
}

type imageReferrer struct {
	Digest       string            `json:"digest"`
	ArtifactType string            `json:"artifactType"`
	Size         uint64            `json:"size"` // bytes of its manifest
	Annotations  map[string]string `json:"annotations,omitempty"`
}

func (a *app) imageInspect(t *registryTarget) *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "inspect IMAGE...", Short: "show all that is known of images", Args: atLeast(1),
		Long:              "Show labels, manifest, changelog, layers, and what refers to images, as JSON. An image is\nREPOSITORY, REPOSITORY:TAG or REPOSITORY@DIGEST, without the registry's address.",
		Example:           "  linkspan image inspect base/routing:1.2\n  linkspan image inspect base/routing --format '{{.Changelog}}'",
		ValidArgsFunction: t.complete(imageNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			for _, name := range args {
				r, err := client.Registry.GetImage(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceGetImageRequest{Reference: name}))
				if err != nil {
					return err
				}
				if err := output.PrintOne(a.out, o, newImageDetail(r.Msg)); err != nil {
					return err
				}
			}
			return nil
		}),
	}
	o.AddFlags(c.Flags(), false)
	return c
}

func newImageDetail(m *apiv1.RegistryServiceGetImageResponse) imageDetail {
	d := imageDetail{
		imageRow: newImageRow(m.GetImage()), Manifest: manifestOf(m.GetImage()),
		Changelog: m.GetImage().GetLabels()[linkspan.ChangelogLabel], Manifests: m.GetManifests(),
	}
	for _, l := range m.GetLayers() {
		d.Layers = append(d.Layers, imageLayer{l.GetDigest(), l.GetMediaType(), l.GetSize()})
	}
	for _, r := range m.GetReferrers() {
		d.Referrers = append(d.Referrers, imageReferrer{r.GetDigest(), r.GetArtifactType(), r.GetSize(), r.GetAnnotations()})
	}
	return d
}

func (a *app) imageRm(t *registryTarget) *cobra.Command {
	return &cobra.Command{
		Use: "rm IMAGE...", Aliases: []string{"remove"}, Short: "remove images", Args: atLeast(1),
		Long: `Remove tags: REPOSITORY:TAG. Named by digest, REPOSITORY@DIGEST, the image itself goes with all its
tags. The space is free after linkspan image gc.`,
		Example:           "  linkspan image rm base/routing:1.1\n  linkspan image gc --untagged",
		ValidArgsFunction: t.complete(imageNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			for _, name := range args {
				r, err := client.Registry.RemoveImage(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceRemoveImageRequest{Reference: name}))
				if err != nil {
					return err
				}
				for _, tag := range r.Msg.GetTags() {
					fmt.Fprintf(a.out, "Untagged: %s\n", tag)
				}
				if r.Msg.GetManifest() {
					fmt.Fprintf(a.out, "Deleted: %s\n", r.Msg.GetDigest())
				}
			}
			return nil
		}),
	}
}

// imageNames are the names of all images.
func imageNames(cmd *cobra.Command, client *api.Client) (names []string) {
	r, err := client.Registry.ListImages(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceListImagesRequest{}))
	if err != nil {
		return nil
	}
	for _, m := range r.Msg.GetImages() {
		names = append(names, m.GetRepository()+":"+m.GetTag())
	}
	return names
}
