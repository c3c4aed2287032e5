// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// container is what dockerd shows of one.
type container struct {
	ID     string `json:"Id"`
	Name   string
	Image  string // id
	State  state
	Config fields
	Host   fields `json:"HostConfig"`
	Mounts []mount
	// Settings of its attachments, by the network's name.
	NetworkSettings struct{ Networks map[string]fields }
}

type state struct {
	Running, Paused, Restarting bool
	ExitCode                    int
	Error                       string
}

// runs says whether its program runs now.
func (s state) runs() bool { return s.Running && !s.Restarting }

type mount struct {
	Type, Name, Source, Destination, Driver string
}

func (c *container) name() string { return strings.TrimPrefix(c.Name, "/") }

// shortID is how much of a container's id Docker gives it as a name, bytes.
const shortID = 12

func (c *container) short() string { return c.ID[:min(len(c.ID), shortID)] }

// image is what dockerd shows of one.
type image struct {
	ID           string `json:"Id"`
	Size         uint64
	Architecture string
	Config       fields
	RootFS       struct{ Layers []string }
}

// network is what dockerd shows of one.
type network struct{ Name, Driver, Scope string }

// volume is what dockerd shows of one.
type volume struct {
	Name, Driver, Scope string
	Options             map[string]string
}

// changed is a path of a container that is not as in its image.
type changed struct {
	Path string
	Kind int // 0 changed, 1 added, 2 deleted
}

func (e *engine) container(ctx context.Context, id string) (c container, err error) {
	err = e.get(ctx, "/containers/"+id+"/json", &c)
	return c, err
}

func (e *engine) changes(ctx context.Context, id string) (list []changed, err error) {
	err = e.get(ctx, "/containers/"+id+"/changes", &list)
	return list, err
}

func (e *engine) image(ctx context.Context, name string) (i image, err error) {
	err = e.get(ctx, "/images/"+name+"/json", &i)
	return i, err
}

func (e *engine) network(ctx context.Context, name string) (n network, err error) {
	err = e.get(ctx, "/networks/"+name, &n)
	return n, err
}

func (e *engine) volume(ctx context.Context, name string) (v volume, err error) {
	err = e.get(ctx, "/volumes/"+name, &v)
	return v, err
}

// version tells of dockerd: its newest API, and what its machine is.
func (e *engine) version(ctx context.Context) (v struct{ APIVersion, Arch string }, err error) {
	err = e.get(ctx, "/version", &v)
	return v, err
}

func (e *engine) create(ctx context.Context, name string, body fields) (id string, err error) {
	var made struct{ ID string }
	err = e.do(ctx, http.MethodPost, "/containers/create", url.Values{"name": {name}}, body, &made)
	return made.ID, err
}

func (e *engine) connect(ctx context.Context, network, id string, settings fields) error {
	return e.do(ctx, http.MethodPost, "/networks/"+network+"/connect", nil, map[string]any{"Container": id, "EndpointConfig": settings}, nil)
}

func (e *engine) disconnect(ctx context.Context, network, id string) error {
	return e.do(ctx, http.MethodPost, "/networks/"+network+"/disconnect", nil, map[string]any{"Container": id}, nil)
}

func (e *engine) rename(ctx context.Context, id, name string) error {
	return e.do(ctx, http.MethodPost, "/containers/"+id+"/rename", url.Values{"name": {name}}, nil, nil)
}

func (e *engine) start(ctx context.Context, id string) error {
	return e.do(ctx, http.MethodPost, "/containers/"+id+"/start", nil, nil, nil)
}

// stop waits as long as the container was given to end.
func (e *engine) stop(ctx context.Context, id string) error {
	return e.do(ctx, http.MethodPost, "/containers/"+id+"/stop", nil, nil, nil)
}

// remove leaves volumes where they are.
func (e *engine) remove(ctx context.Context, id string, force bool) error {
	query := url.Values{}
	if force {
		query.Set("force", "1")
	}
	return e.do(ctx, http.MethodDelete, "/containers/"+id, query, nil, nil)
}

// restarting says when the container is to be started by dockerd itself.
func (e *engine) restarting(ctx context.Context, id string, policy json.RawMessage) error {
	return e.do(ctx, http.MethodPost, "/containers/"+id+"/update", nil, fields{"RestartPolicy": policy}, nil)
}

func (e *engine) tag(ctx context.Context, image, name string) error {
	repo, tag := name, ""
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		repo, tag = name[:i], name[i+1:]
	}
	return e.do(ctx, http.MethodPost, "/images/"+image+"/tag", url.Values{"repo": {repo}, "tag": {tag}}, nil, nil)
}
