// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/trust"
)

// ListImages implements the service.
func (s registryService) ListImages(ctx context.Context, r *connect.Request[apiv1.RegistryServiceListImagesRequest]) (*connect.Response[apiv1.RegistryServiceListImagesResponse], error) {
	if err := allow(ctx, trust.ImageRead); err != nil {
		return nil, err
	}
	pattern := account.Everything(account.Pull)
	if p := r.Msg.GetPattern(); p != "" {
		pattern.Repository = p
	}
	if err := pattern.Validate(); err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	images, err := s.Catalog.List(ctx, func(name string) bool { return pattern.Covers(name) && c.Rights.May(account.Pull, name) })
	if err != nil {
		return nil, err
	}
	resp := &apiv1.RegistryServiceListImagesResponse{Images: make([]*apiv1.Image, len(images))}
	for i := range images {
		resp.Images[i] = imageMessage(&images[i])
	}
	return connect.NewResponse(resp), nil
}

// GetImage implements the service.
func (s registryService) GetImage(ctx context.Context, r *connect.Request[apiv1.RegistryServiceGetImageRequest]) (*connect.Response[apiv1.RegistryServiceGetImageResponse], error) {
	ref, err := s.named(ctx, trust.ImageRead, account.Pull, r.Msg.GetReference())
	if err != nil {
		return nil, err
	}
	image, err := s.Catalog.Get(ctx, ref)
	if err != nil {
		return nil, err
	}
	resp := &apiv1.RegistryServiceGetImageResponse{Image: imageMessage(&image)}
	for _, l := range image.Layers {
		resp.Layers = append(resp.Layers, &apiv1.ImageLayer{Digest: l.Digest.String(), MediaType: l.MediaType, Size: uint64(l.Size)})
	}
	for _, d := range image.Manifests {
		resp.Manifests = append(resp.Manifests, d.String())
	}
	referrers, err := s.Registry.Referrers(ctx, ref.Repository, image.Content.Digest)
	if err != nil {
		return nil, err
	}
	for _, d := range referrers {
		resp.Referrers = append(resp.Referrers, &apiv1.ImageReferrer{Digest: d.Digest.String(), ArtifactType: d.ArtifactType, Size: uint64(d.Size), Annotations: d.Annotations})
	}
	return connect.NewResponse(resp), nil
}

// named returns the image that a caller names, if he may do something with it.
func (s registryService) named(ctx context.Context, action trust.Action, needs, text string) (catalog.Reference, error) {
	if err := allow(ctx, action); err != nil {
		return catalog.Reference{}, err
	}
	ref, err := catalog.ParseReference(text)
	if err != nil {
		return ref, err
	}
	if c := callerOf(ctx); !c.Rights.May(needs, ref.Repository) {
		return ref, &linkspan.Error{
			Code: linkspan.Permission, Message: c.Identity.Label() + " has no grant to " + needs + " in " + ref.Repository,
			Hint: "ask an administrator for one: linkspan user grant",
		}
	}
	return ref, nil
}

// RemoveImage implements the service.
func (s registryService) RemoveImage(ctx context.Context, r *connect.Request[apiv1.RegistryServiceRemoveImageRequest]) (*connect.Response[apiv1.RegistryServiceRemoveImageResponse], error) {
	ref, err := s.named(ctx, trust.ImageRemove, account.Delete, r.Msg.GetReference())
	if err != nil {
		return nil, err
	}
	var removed catalog.Removed
	err = s.Registry.Removing(ctx, func() (err error) {
		removed, err = s.Catalog.Remove(ctx, ref)
		return err
	})
	if err := s.done(ctx, "image rm "+ref.String(), err); err != nil {
		return nil, err
	}
	return connect.NewResponse(&apiv1.RegistryServiceRemoveImageResponse{Tags: removed.Tags, Digest: removed.Digest.String(), Manifest: removed.Manifest}), nil
}

func imageMessage(i *catalog.Image) *apiv1.Image {
	m := &apiv1.Image{
		Repository: i.Repository, Tag: i.Tag, Digest: i.Content.Digest.String(), MediaType: i.MediaType, ArtifactType: i.ArtifactType,
		Size: uint64(i.Size), Platforms: i.Platforms, Labels: i.Labels, Annotations: i.Annotations,
	}
	if !i.Created.IsZero() {
		m.Created = timestamppb.New(i.Created)
	}
	return m
}
