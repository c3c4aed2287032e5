// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/linkspan/linkspan"
)

// Dialer opens a connection to the dockerd of this host.
type Dialer func(ctx context.Context) (net.Conn, error)

// engine speaks the Docker Engine API in JSON that nobody has decoded, without
// naming a version: dockerd then takes its own newest, and shows all that it has.
type engine struct{ http *http.Client }

func newEngine(dial Dialer) *engine {
	return &engine{&http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
	}}}
}

func (e *engine) close() { e.http.CloseIdleConnections() }

// call sends a request and returns the answer, whose body the caller closes. An
// answer that is an error has a code: NotFound, Conflict, Invalid or Internal; a
// dockerd that is away Unavailable.
func (e *engine) call(ctx context.Context, method, where string, query url.Values, body io.Reader) (*http.Response, error) {
	u := url.URL{Scheme: "http", Host: "docker", Path: where, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if where == loadPath {
		req.Header.Set("Content-Type", "application/x-tar")
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Op: "docker " + path.Base(where), Err: err}
	}
	if resp.StatusCode >= http.StatusBadRequest {
		defer resp.Body.Close()
		return nil, refusal(where, resp)
	}
	return resp, nil
}

// refusal reads what dockerd says of a request that it refuses.
func refusal(where string, resp *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxText)) // what cannot be read is not told
	var told struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &told) != nil || told.Message == "" {
		told.Message = resp.Status + " " + strings.TrimSpace(string(text))
	}
	code := linkspan.Internal
	switch resp.StatusCode {
	case http.StatusNotFound:
		code = linkspan.NotFound
	case http.StatusConflict:
		code = linkspan.Conflict
	case http.StatusBadRequest:
		code = linkspan.Invalid
	}
	return &linkspan.Error{Code: code, Op: "docker " + path.Base(where), Message: told.Message}
}

// maxText bounds what is read of an answer that is an error, in bytes.
const maxText = 64 << 10

// get decodes an answer into to.
func (e *engine) get(ctx context.Context, where string, to any) error {
	resp, err := e.call(ctx, http.MethodGet, where, nil, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(to); err != nil {
		return fmt.Errorf("docker %s: %w", where, err)
	}
	return nil
}

// do sends a body as JSON and decodes the answer into to, where it is not nil.
func (e *engine) do(ctx context.Context, method, where string, query url.Values, body, to any) error {
	var content io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(raw)
	}
	resp, err := e.call(ctx, method, where, query, content)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if to == nil {
		_, err = io.Copy(io.Discard, resp.Body) // the connection is used again
		return err
	}
	return json.NewDecoder(resp.Body).Decode(to)
}

// found turns code NotFound into no error and false.
func found(err error) (bool, error) {
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return false, nil
	}
	return err == nil, err
}

const loadPath = "/images/load"

// save returns an archive of an image, as docker save makes it.
func (e *engine) save(ctx context.Context, image string) (io.ReadCloser, error) {
	resp, err := e.call(ctx, http.MethodGet, "/images/get", url.Values{"names": {image}}, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// load gives dockerd an archive; it returns the ids and names that dockerd told.
func (e *engine) load(ctx context.Context, archive io.Reader) (loaded []string, err error) {
	resp, err := e.call(ctx, http.MethodPost, loadPath, url.Values{"quiet": {"1"}}, archive)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	messages := json.NewDecoder(resp.Body)
	for {
		var m struct {
			Stream string `json:"stream"`
			Error  string `json:"error"`
		}
		err := messages.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return loaded, nil
		case err != nil:
			return nil, fmt.Errorf("docker load: %w", err)
		case m.Error != "":
			return nil, &linkspan.Error{Code: linkspan.Internal, Op: "docker load", Message: m.Error}
		}
		if _, name, ok := strings.Cut(strings.TrimSpace(m.Stream), ": "); ok && strings.HasPrefix(m.Stream, "Loaded image") {
			loaded = append(loaded, name)
		}
	}
}
