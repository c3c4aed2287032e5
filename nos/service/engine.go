// SPDX-License-Identifier: Apache-2.0

package service

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// The labels of containers of composites, beside [NameLabel].
const (
	compositeLabel  = "linkspan.composite"
	memberLabel     = "linkspan.member" // empty: of the sandbox
	generationLabel = "linkspan.generation"
)

// engine is the Docker engine of this switch.
type engine struct{ *client.Client }

func openEngine(address string) (*engine, error) {
	c, err := client.New(client.WithHost(address))
	if err != nil {
		return nil, fmt.Errorf("docker at %s: %w", address, err)
	}
	return &engine{c}, nil
}

// found is a container of a composite as Docker has it.
type found struct {
	id, composite, member string
	generation            uint64
	running, fresh        bool   // fresh: it never ran
	inside                string // whose network namespace it is in: an id; empty: it has one
}

// containers returns all containers of composites.
func (e *engine) containers(ctx context.Context) ([]found, error) {
	r, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", compositeLabel)})
	if err != nil {
		return nil, docker(err)
	}
	list := make([]found, 0, len(r.Items))
	for _, c := range r.Items {
		n, _ := strconv.ParseUint(c.Labels[generationLabel], 10, 64) // 0 is nobody's, and goes
		inside, _ := strings.CutPrefix(c.HostConfig.NetworkMode, "container:")
		list = append(list, found{
			id: c.ID, composite: c.Labels[compositeLabel], member: c.Labels[memberLabel], generation: n,
			running: c.State == container.StateRunning, fresh: c.State == container.StateCreated, inside: inside,
		})
	}
	return list, nil
}

// docker gives an error of Docker a code.
func docker(err error) error {
	switch {
	case err == nil:
		return nil
	case errdefs.IsNotFound(err):
		return &linkspan.Error{Code: linkspan.NotFound, Message: "Docker", Err: err}
	case errdefs.IsInvalidArgument(err):
		return &linkspan.Error{Code: linkspan.Invalid, Message: "Docker", Err: err}
	case errdefs.IsConflict(err):
		return &linkspan.Error{Code: linkspan.Conflict, Message: "Docker", Err: err}
	}
	return &linkspan.Error{Code: linkspan.Unavailable, Message: "Docker does not do it", Err: err}
}

// remove removes a container, whatever it does; one that is not there is fine.
func (e *engine) remove(ctx context.Context, id string) error {
	_, err := e.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return docker(err)
}

// stopTime is how long a container has to end, in seconds.
const stopTime = 10

func (e *engine) stop(ctx context.Context, id string) error {
	patience := stopTime
	_, err := e.ContainerStop(ctx, id, client.ContainerStopOptions{Timeout: &patience})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return docker(err)
}

// pid returns the first process of a container that runs.
func (e *engine) pid(ctx context.Context, id string) (int, error) {
	r, err := e.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return 0, docker(err)
	}
	if r.Container.State == nil || r.Container.State.Pid == 0 {
		return 0, &linkspan.Error{Code: linkspan.Unavailable, Message: "the sandbox does not run"}
	}
	return r.Container.State.Pid, nil
}

// image is what a switch needs to know of an image.
type image struct {
	id       string // sha256:...
	manifest linkspan.ImageManifest
	labelled bool // it has a manifest
}

// maxManifest is the greatest size of a manifest, in bytes.
const maxManifest = 1 << 20

// image looks at an image that is here. Errors: NotFound, Invalid (its manifest cannot be read).
func (e *engine) image(ctx context.Context, reference string) (image, error) {
	r, err := e.ImageInspect(ctx, reference)
	if errdefs.IsNotFound(err) {
		return image{}, &linkspan.Error{Code: linkspan.NotFound, Message: "image " + reference + " is not on this switch", Hint: "docker pull " + reference}
	}
	if err != nil {
		return image{}, docker(err)
	}
	i := image{id: r.ID}
	if r.Config == nil || r.Config.Labels[linkspan.ManifestLabel] == "" {
		return i, nil
	}
	i.labelled = true
	text := r.Config.Labels[linkspan.ManifestLabel]
	if len(text) > maxManifest {
		return i, refused("the manifest of image %s is longer than %d bytes", reference, maxManifest)
	}
	if err := json.Unmarshal([]byte(text), &i.manifest); err != nil {
		return i, refused("the manifest of image %s cannot be read: %v", reference, err)
	}
	return i, nil
}

// Resolve returns a reference to an image by its digest, of one by a tag, a digest or an id.
// It is asked of Docker alone.
func (e *engine) resolve(ctx context.Context, reference string) (string, error) {
	if byDigest(reference) {
		return reference, nil
	}
	r, err := e.ImageInspect(ctx, reference)
	if errdefs.IsNotFound(err) {
		return "", &linkspan.Error{Code: linkspan.NotFound, Message: "image " + reference + " is not on this switch", Hint: "docker pull " + reference}
	}
	if err != nil {
		return "", docker(err)
	}
	name, _, _ := strings.Cut(reference, "@")
	if slash, colon := strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, ':'); colon > slash {
		name = name[:colon]
	}
	for _, d := range r.RepoDigests {
		if strings.HasPrefix(d, name+"@") {
			return d, nil
		}
	}
	return r.ID, nil
}

// exec runs a command in a container, without a terminal and without a shell.
func (e *engine) exec(ctx context.Context, id string, command []string, limit int) (gateway.Output, error) {
	made, err := e.ExecCreate(ctx, id, client.ExecCreateOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return gateway.Output{}, docker(err)
	}
	stream, err := e.ExecAttach(ctx, made.ID, client.ExecAttachOptions{})
	if err != nil {
		return gateway.Output{}, docker(err)
	}
	defer stream.Close()
	defer context.AfterFunc(ctx, stream.Close)()
	stdout, stderr := bounded{left: limit}, bounded{left: limit}
	_, err = stdcopy.StdCopy(&stdout, &stderr, stream.Reader)
	if ctx.Err() != nil {
		return gateway.Output{}, ctx.Err()
	}
	if err != nil {
		return gateway.Output{}, err
	}
	ended, err := e.ExecInspect(ctx, made.ID, client.ExecInspectOptions{})
	return gateway.Output{Stdout: stdout.text.Bytes(), Stderr: stderr.text.Bytes(), Status: ended.ExitCode}, docker(err)
}

// bounded takes a text of a limited length.
type bounded struct {
	text bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, &linkspan.Error{Code: linkspan.Exhausted, Message: "the command prints too much"}
	}
	return b.text.Write(p)
}

// logs writes what a container has printed, the last lines of it, and goes on while it runs if it is followed.
func (e *engine) logs(ctx context.Context, id string, lines int, follow bool, to io.Writer) error {
	tail := "all"
	if lines > 0 {
		tail = strconv.Itoa(lines)
	}
	r, err := e.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: follow, Tail: tail})
	if err != nil {
		return docker(err)
	}
	defer r.Close()
	_, err = stdcopy.StdCopy(to, to, r)
	return err
}

// pick returns the container of a member, or of the sandbox, of a generation.
func pick(all []found, composite, member string, generation uint64) (found, bool) {
	i := slices.IndexFunc(all, func(f found) bool {
		return f.composite == composite && f.member == member && f.generation == generation
	})
	if i < 0 {
		return found{}, false
	}
	return all[i], true
}
