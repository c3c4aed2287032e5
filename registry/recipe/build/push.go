// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/linkspan/linkspan"
)

// Registry is how registries are reached. Who asks is what Docker's credential file says.
type Registry struct {
	Transport http.RoundTripper // nil: the system's certificates
}

func (r Registry) options(ctx context.Context) []remote.Option {
	o := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain), remote.WithJobs(4)}
	if r.Transport != nil {
		o = append(o, remote.WithTransport(r.Transport))
	}
	return o
}

// Push stores the image at REGISTRY/REPOSITORY:TAG, and its SBOM so that it refers to it. What
// the registry has already is not sent. Progress gets how far it is, from 0 to 1.
func (r Registry) Push(ctx context.Context, i *Image, reference string, progress func(float64)) error {
	tag, err := name.NewTag(reference, name.StrictValidation)
	if err != nil {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "reference " + reference + " is not understood", Hint: "write REGISTRY/REPOSITORY:TAG, as in registry1:5000/" + i.Reference(), Err: err}
	}
	updates := make(chan v1.Update, 16)
	told := make(chan struct{})
	go func() {
		defer close(told)
		for u := range updates {
			if u.Total > 0 && progress != nil {
				progress(float64(u.Complete) / float64(u.Total))
			}
		}
	}()
	err = remote.Write(tag, i.image, append(r.options(ctx), remote.WithProgress(updates))...)
	<-told // Write closes updates
	if err != nil {
		return refused("push "+reference, err)
	}
	digest, err := i.artifact.Digest()
	if err != nil {
		return err
	}
	return refused("push the SBOM of "+reference, remote.Write(tag.Digest(digest.String()), i.artifact, r.options(ctx)...))
}

// Pull returns an image by its digest, REGISTRY/REPOSITORY@sha256:...; its layers are got when
// they are read.
func (r Registry) Pull(ctx context.Context, reference, architecture string) (v1.Image, error) {
	digest, err := name.NewDigest(reference, name.StrictValidation)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "reference " + reference + " is not understood", Hint: "write REGISTRY/REPOSITORY@sha256:DIGEST", Err: err}
	}
	img, err := remote.Image(digest, append(r.options(ctx), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))...)
	return img, refused("pull "+reference, err)
}

// refused says what a registry answered.
func refused(what string, err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		if err == nil {
			return nil
		}
		return &linkspan.Error{Code: linkspan.Unavailable, Op: what, Err: err}
	}
	e := &linkspan.Error{Code: linkspan.Internal, Op: what, Err: err}
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		e.Code, e.Hint = linkspan.Unauthenticated, "log in to the registry: docker login REGISTRY"
	case http.StatusForbidden:
		e.Code, e.Hint = linkspan.Permission, "ask for the right to push to this repository"
	case http.StatusNotFound:
		e.Code = linkspan.NotFound
	case http.StatusInsufficientStorage:
		e.Code, e.Message = linkspan.Exhausted, "no space left on the registry's disk"
	default:
		e.Message = fmt.Sprintf("the registry answers %d", answer.StatusCode)
	}
	return e
}
