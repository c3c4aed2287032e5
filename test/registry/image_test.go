// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// layer writes an archive with one file of random bytes.
func layer(w io.Writer, size int) error {
	content := make([]byte, size)
	if _, err := rand.Read(content); err != nil {
		return err
	}
	t := tar.NewWriter(w)
	if err := t.WriteHeader(&tar.Header{Name: "data", Mode: 0o644, Size: int64(size)}); err != nil {
		return err
	}
	if _, err := t.Write(content); err != nil {
		return err
	}
	return t.Close()
}

func digestOf(data []byte) string { return fmt.Sprintf("sha256:%x", sha256.Sum256(data)) }

type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

// blob pushes a blob in two requests.
func (r *registry) blob(repository, token string, data []byte) descriptor {
	r.t.Helper()
	resp, text := r.do(http.MethodPost, "/v2/"+repository+"/blobs/uploads/", token, nil)
	if resp.StatusCode != http.StatusAccepted {
		r.t.Fatalf("begin an upload: %d %s", resp.StatusCode, text)
	}
	resp, text = r.do(http.MethodPut, r.location(resp)+"&digest="+digestOf(data), token, bytes.NewReader(data), "Content-Type", "application/octet-stream")
	if resp.StatusCode != http.StatusCreated {
		r.t.Fatalf("upload: %d %s", resp.StatusCode, text)
	}
	return descriptor{"application/vnd.oci.image.layer.v1.tar", digestOf(data), len(data)}
}

// manifest makes the manifest of an image.
func manifest(config descriptor, layers ...descriptor) []byte {
	config.MediaType = "application/vnd.oci.image.config.v1+json"
	text, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers,
	})
	if err != nil {
		panic(err)
	}
	return text
}

// push pushes an image of one layer, and returns what was pushed by digest.
func (r *registry) push(repository, tag, token string, size int) map[string][]byte {
	r.t.Helper()
	data := make([]byte, size)
	_, _ = rand.Read(data)
	config := []byte(`{"os":"linux","architecture":"amd64","config":{"Labels":{"linkspan.changelog":"1.2.0: first"}}}`)
	m := manifest(r.blob(repository, token, config), r.blob(repository, token, data))
	resp, text := r.do(http.MethodPut, "/v2/"+repository+"/manifests/"+tag, token, bytes.NewReader(m), "Content-Type", "application/vnd.oci.image.manifest.v1+json")
	if resp.StatusCode != http.StatusCreated {
		r.t.Fatalf("push %s:%s: %d %s", repository, tag, resp.StatusCode, text)
	}
	return map[string][]byte{"manifests/" + tag: m, "blobs/" + digestOf(data): data, "blobs/" + digestOf(config): config}
}

// whole says whether all of an image is there as it was pushed.
func (r *registry) whole(t *testing.T, repository, token string, image map[string][]byte) {
	t.Helper()
	for path, want := range image {
		resp, got := r.do(http.MethodGet, "/v2/"+repository+"/"+path, token, nil, "Accept", "application/vnd.oci.image.manifest.v1+json")
		if resp.StatusCode != http.StatusOK || got != string(want) {
			t.Errorf("%s/%s: status %d, %d bytes of %d", repository, path, resp.StatusCode, len(got), len(want))
		}
	}
}
