// SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/store/kv"
)

const referrersPrefix = "referrers/"

// maxAnnotations is how many bytes of annotations a referrer is listed with; of more it
// is listed without them.
const maxAnnotations = 64 << 10

// page is how much one answer has at most, in bytes: what clients must read (OCI
// distribution-spec 1.1, listing referrers).
const page = 3 << 20

// referrers keeps which manifest has which subject. A manifest is told of only while it is
// in its repository, whatever a crash has left here.
type referrers struct {
	store   kv.Store
	catalog *catalog.Catalog
}

// manifest is what is told of a manifest: its descriptor, as its subject's referrers have it.
type manifest struct {
	v1.Descriptor
	subject digest.Digest // empty: it has none
}

// parseManifest reads what matters of a manifest. What is no manifest has no subject; the
// library refuses it.
func parseManifest(body []byte, contentType string) manifest {
	var m struct {
		MediaType    string            `json:"mediaType"`
		ArtifactType string            `json:"artifactType"`
		Annotations  map[string]string `json:"annotations"`
		Config       *v1.Descriptor    `json:"config"`
		Subject      *v1.Descriptor    `json:"subject"`
	}
	if err := json.Unmarshal(body, &m); err != nil || m.Subject == nil || m.Subject.Digest.Validate() != nil {
		return manifest{}
	}
	out := manifest{subject: m.Subject.Digest}
	out.MediaType, out.ArtifactType = cmp.Or(m.MediaType, contentType), m.ArtifactType
	out.Size, out.Annotations = int64(len(body)), m.Annotations
	if out.ArtifactType == "" && m.Config != nil {
		out.ArtifactType = m.Config.MediaType
	}
	size := 0
	for k, v := range m.Annotations {
		size += len(k) + len(v)
	}
	if size > maxAnnotations {
		out.Annotations = nil
	}
	return out
}

func referrersOf(repository string, subject digest.Digest) string {
	return referrersPrefix + repository + "/_/" + subject.String() + "/" // no name has an underscore alone
}

func (x referrers) remember(ctx context.Context, repository string, m manifest) error {
	value, err := json.Marshal(m.Descriptor)
	if err != nil {
		return err
	}
	_, err = x.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Put(referrersOf(repository, m.subject)+m.Digest.String(), value)}})
	return err
}

// forget removes one. What is left over by an error is told to nobody.
func (x referrers) forget(ctx context.Context, repository string, subject digest.Digest, reference string) {
	_, _ = x.store.Txn(ctx, kv.Txn{Then: []kv.Op{kv.Delete(referrersOf(repository, subject) + reference)}})
}

// subjectOf returns the subject of a manifest that is in a repository, or nothing.
func (x referrers) subjectOf(ctx context.Context, repository, reference string) digest.Digest {
	d, err := digest.Parse(reference)
	if err != nil {
		return ""
	}
	body, err := x.catalog.Manifest(ctx, repository, d)
	if err != nil {
		return ""
	}
	return parseManifest(body, "").subject
}

// list returns the referrers of a subject after one of them, and whether there are more.
func (x referrers) list(ctx context.Context, q request, artifactType, after string) (out []v1.Descriptor, more bool, err error) {
	prefix := referrersOf(q.repository, digest.Digest(q.reference))
	entries, _, err := x.store.List(ctx, prefix)
	if err != nil {
		return nil, false, err
	}
	out = []v1.Descriptor{}
	size := 0
	for _, e := range entries {
		var d v1.Descriptor
		if err := json.Unmarshal(e.Value, &d); err != nil {
			return nil, false, fmt.Errorf("read %s: %w", e.Key, err)
		}
		if artifactType != "" && d.ArtifactType != artifactType || strings.TrimPrefix(e.Key, prefix) <= after || !x.catalog.Has(ctx, q.repository, d.Digest) {
			continue
		}
		if size += len(e.Value); size > page {
			return out, true, nil
		}
		out = append(out, d)
	}
	return out, false, nil
}

// serve answers GET /v2/NAME/referrers/DIGEST (OCI distribution-spec 1.1, end-12a and end-12b).
func (x referrers) serve(w http.ResponseWriter, r *http.Request, q request) {
	query := r.URL.Query()
	artifactType := query.Get("artifactType")
	found, more, err := x.list(r.Context(), q, artifactType, query.Get("last"))
	if err != nil {
		refuse(w, r, err)
		return
	}
	if more {
		next := url.Values{"last": {found[len(found)-1].Digest.String()}}
		if artifactType != "" {
			next.Set("artifactType", artifactType)
		}
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, r.URL.Path, next.Encode()))
	}
	if artifactType != "" {
		w.Header().Set("OCI-Filters-Applied", "artifactType")
	}
	w.Header().Set("Content-Type", v1.MediaTypeImageIndex)
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	_ = json.NewEncoder(w).Encode(v1.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: v1.MediaTypeImageIndex, Manifests: found})
}
