// SPDX-License-Identifier: Apache-2.0

package service

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// sandboxProgram is where the program of a sandbox is in its image, which has nothing else.
const sandboxProgram = "/linkspan"

// sandboxImage returns the id of the image of sandboxes, which is made of a program of this host when
// it is not there: it is static, and needs nothing beside it.
func (e *engine) sandboxImage(ctx context.Context, program string) (string, error) {
	f, err := os.Open(program)
	if err != nil {
		return "", fmt.Errorf("the program of sandboxes: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return "", fmt.Errorf("the program of sandboxes: %w", err)
	}
	const digits = 16
	name := "linkspan-sandbox:" + hex.EncodeToString(sum.Sum(nil))[:digits]
	if r, err := e.ImageInspect(ctx, name); err == nil {
		return r.ID, nil
	} else if !errdefs.IsNotFound(err) {
		return "", docker(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	if err := e.importProgram(ctx, name, f, size); err != nil {
		return "", fmt.Errorf("make the image of sandboxes: %w", err)
	}
	r, err := e.ImageInspect(ctx, name)
	return r.ID, docker(err)
}

// importProgram makes an image with one program in it.
func (e *engine) importProgram(ctx context.Context, name string, program io.Reader, size int64) error {
	in, out := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		w := tar.NewWriter(out)
		err := w.WriteHeader(&tar.Header{Name: sandboxProgram[1:], Mode: 0o755, Size: size, Typeflag: tar.TypeReg})
		if err == nil {
			_, err = io.Copy(w, program)
		}
		err = errors.Join(err, w.Close())
		out.CloseWithError(err)
		packed <- err
	}()
	answer, err := e.ImageImport(ctx, client.ImageImportSource{Source: in, SourceName: "-"}, name, client.ImageImportOptions{})
	if err == nil {
		_, err = io.Copy(io.Discard, answer)
		answer.Close()
	}
	in.CloseWithError(io.ErrClosedPipe)
	if bad := <-packed; err == nil && bad != nil && !errors.Is(bad, io.ErrClosedPipe) {
		err = bad
	}
	return docker(err)
}
