// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"golang.org/x/sync/errgroup"
)

const (
	repository = "bench/image"
	atOnce     = 4 // blobs that are pushed or pulled at once
	typeOf     = "application/vnd.oci.image.manifest.v1+json"
)

// client pushes and pulls as Docker does: for each blob a question whether it is there, the
// upload's beginning, its data, its end; then the manifest.
type client struct {
	base         string
	name, secret string // empty: without a token
	http         *http.Client
	token        string
}

func newClient(address string, pool *x509.CertPool, name, secret string) *client {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: atOnce}
	return &client{base: "https://" + address, name: name, secret: secret, http: &http.Client{Transport: t}}
}

// login gets a token, as each push and pull of Docker does.
func (c *client) login(ctx context.Context) error {
	if c.name == "" {
		return nil
	}
	q := url.Values{"service": {"linkspan"}, "scope": {"repository:" + repository + ":pull,push"}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/token?"+q.Encode(), nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(c.name, c.secret)
	var a struct{ Token string }
	if _, err = c.send(r, http.StatusOK, func(body io.Reader) error { return json.NewDecoder(body).Decode(&a) }); err != nil {
		return err
	}
	c.token = a.Token
	return nil
}

// do makes a request, and returns where the answer points.
func (c *client) do(ctx context.Context, method, at string, body []byte, want int, read func(io.Reader) error) (string, error) {
	r, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	r.Header.Set("Accept", typeOf)
	r.Header.Set("Content-Type", "application/octet-stream")
	if method == http.MethodPut && body != nil {
		r.Header.Set("Content-Type", typeOf)
	}
	return c.send(r, want, read)
}

func (c *client) send(r *http.Request, want int, read func(io.Reader) error) (string, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != want {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 1000))
		return "", fmt.Errorf("%s %s: %s: %s", r.Method, r.URL.Path, resp.Status, text)
	}
	if read != nil {
		err = read(resp.Body)
	}
	_, drained := io.Copy(io.Discard, resp.Body)
	at, none := resp.Location()
	if none != nil {
		return "", errors.Join(err, drained)
	}
	return at.String(), errors.Join(err, drained)
}

// image is what is pushed: the last blob is the configuration.
type image struct {
	tag   string
	blobs [][]byte
	sums  []string
}

func (i *image) manifest() ([]byte, error) {
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int    `json:"size"`
	}
	last := len(i.blobs) - 1
	m := map[string]any{
		"schemaVersion": 2, "mediaType": typeOf,
		"config": descriptor{"application/vnd.oci.image.config.v1+json", i.sums[last], len(i.blobs[last])},
	}
	layers := make([]descriptor, last)
	for k := range last {
		layers[k] = descriptor{"application/vnd.oci.image.layer.v1.tar", i.sums[k], len(i.blobs[k])}
	}
	m["layers"] = layers
	return json.Marshal(m)
}

// each does something with every blob, some at once.
func (i *image) each(ctx context.Context, do func(ctx context.Context, k int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for k := range i.blobs {
		g.Go(func() error { return do(ctx, k) })
	}
	return g.Wait()
}

func (c *client) push(ctx context.Context, i *image) error {
	if err := c.login(ctx); err != nil {
		return err
	}
	err := i.each(ctx, func(ctx context.Context, k int) error {
		if _, err := c.do(ctx, http.MethodHead, c.blob(i.sums[k]), nil, http.StatusNotFound, nil); err != nil {
			return err
		}
		at, err := c.do(ctx, http.MethodPost, c.base+"/v2/"+repository+"/blobs/uploads/", nil, http.StatusAccepted, nil)
		if err != nil {
			return err
		}
		if at, err = c.do(ctx, http.MethodPatch, at, i.blobs[k], http.StatusAccepted, nil); err != nil {
			return err
		}
		_, err = c.do(ctx, http.MethodPut, at+"&digest="+url.QueryEscape(i.sums[k]), nil, http.StatusCreated, nil)
		return err
	})
	if err != nil {
		return err
	}
	m, err := i.manifest()
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodPut, c.base+"/v2/"+repository+"/manifests/"+i.tag, m, http.StatusCreated, nil)
	return err
}

// pull reads all of an image and compares it with what was pushed.
func (c *client) pull(ctx context.Context, i *image) error {
	if err := c.login(ctx); err != nil {
		return err
	}
	if _, err := c.do(ctx, http.MethodGet, c.base+"/v2/"+repository+"/manifests/"+i.tag, nil, http.StatusOK, nil); err != nil {
		return err
	}
	return i.each(ctx, func(ctx context.Context, k int) error {
		_, err := c.do(ctx, http.MethodGet, c.blob(i.sums[k]), nil, http.StatusOK, func(body io.Reader) error {
			h := sha256.New()
			_, err := io.Copy(h, body)
			if sum := fmt.Sprintf("sha256:%x", h.Sum(nil)); err == nil && sum != i.sums[k] {
				err = fmt.Errorf("%s is %s", i.sums[k], sum)
			}
			return err
		})
		return err
	})
}

func (c *client) blob(sum string) string { return c.base + "/v2/" + repository + "/blobs/" + sum }
