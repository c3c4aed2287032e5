// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/distribution/distribution/v3/registry/api/v2"
	"github.com/distribution/reference"
	"github.com/gorilla/mux"
	"github.com/opencontainers/go-digest"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
)

// kind is what a request is about.
type kind uint8

const (
	kindBase kind = iota
	kindCatalog
	kindManifest
	kindTags
	kindBlob
	kindUpload
	kindReferrers
)

// request is what is asked for, as far as it matters who asks.
type request struct {
	kind       kind
	repository string
	reference  string // a tag or a digest
	upload     string // that goes on; empty: none does
	mount      string // digest of a blob of another repository
	writes     bool
	needs      []account.Scope // none: only to be known
	party      account.Party
}

// router reads requests with the table of the library that serves them, so that both
// think of the same repository.
type router struct{ table *mux.Router }

func newRouter() router { return router{v2.RouterWithPrefix("")} }

// referrersPath is that of the listing of referrers (OCI distribution-spec 1.1, end-12).
var referrersPath = regexp.MustCompile(`^/v2/(.+)/referrers/([^/]+)$`)

// read returns what a request asks for. The error is NotFound for what is nothing that a
// registry has, and Invalid.
func (t router) read(r *http.Request) (request, error) {
	if r.URL.RawPath != "" && r.URL.RawPath != r.URL.Path || path.Clean(r.URL.Path)+"/" != strings.TrimSuffix(r.URL.Path, "/")+"/" {
		return request{}, &linkspan.Error{Code: linkspan.Invalid, Message: "the path is not plain"}
	}
	if m := referrersPath.FindStringSubmatch(r.URL.Path); m != nil {
		return readReferrers(r, m[1], m[2])
	}
	var match mux.RouteMatch
	if !t.table.Match(r, &match) || match.Route == nil {
		return request{}, &linkspan.Error{Code: linkspan.NotFound, Message: "there is nothing at this path"}
	}
	q := request{repository: match.Vars["name"], writes: r.Method != http.MethodGet && r.Method != http.MethodHead}
	switch match.Route.GetName() {
	case v2.RouteNameBase:
		return q, nil
	case v2.RouteNameCatalog:
		q.kind = kindCatalog
		q.needs = []account.Scope{{Type: account.Registry, Name: "catalog", Actions: []string{account.All}}}
		return q, nil
	case v2.RouteNameManifest:
		q.kind, q.reference = kindManifest, match.Vars["reference"]
	case v2.RouteNameTags:
		q.kind = kindTags
	case v2.RouteNameBlob:
		q.kind, q.reference = kindBlob, match.Vars["digest"]
	case v2.RouteNameBlobUpload, v2.RouteNameBlobUploadChunk:
		q.kind, q.upload = kindUpload, match.Vars["uuid"]
	}
	if foreign(q.reference) || foreign(r.URL.Query().Get("digest")) {
		return q, &linkspan.Error{Code: linkspan.Invalid, Message: "only digests of sha256 are kept here", Err: errDigest}
	}
	if q.repository == "" {
		return q, &linkspan.Error{Code: linkspan.NotFound, Message: "no repository is named"}
	}
	q.needs = needs(r.Method, q.repository)
	if q.kind == kindUpload && r.Method == http.MethodPost {
		q.mounts(r)
	}
	return q, nil
}

// foreign says whether a reference is a digest of another algorithm than the library keeps
// everything under.
func foreign(reference string) bool {
	algorithm, _, ok := strings.Cut(reference, ":")
	return ok && algorithm != digest.Canonical.String()
}

// mounts adds what the mount of a blob of another repository needs. The library reads
// the same values, of the address or of a form.
func (q *request) mounts(r *http.Request) {
	if from := r.FormValue("from"); from != "" {
		q.mount = r.FormValue("mount")
		q.needs = append(q.needs, account.Scope{Type: account.Repository, Name: from, Actions: []string{account.Pull}})
	}
}

// needs returns what a method needs on a repository.
func needs(method, repository string) []account.Scope {
	s := account.Scope{Type: account.Repository, Name: repository}
	switch method {
	case http.MethodGet, http.MethodHead:
		s.Actions = []string{account.Pull}
	case http.MethodDelete:
		s.Actions = []string{account.Delete}
	default:
		s.Actions = []string{account.Pull, account.Push}
	}
	return []account.Scope{s}
}

func readReferrers(r *http.Request, repository, subject string) (request, error) {
	q := request{kind: kindReferrers, repository: repository, reference: subject, needs: needs(http.MethodGet, repository)}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return q, &linkspan.Error{Code: linkspan.Invalid, Op: r.Method, Message: "referrers are only read"}
	}
	if _, err := reference.WithName(repository); err != nil || len(repository) > reference.RepositoryNameTotalLengthMax {
		return q, &linkspan.Error{Code: linkspan.Invalid, Message: "the repository's name is not valid"}
	}
	if _, err := digest.Parse(subject); err != nil {
		return q, &linkspan.Error{Code: linkspan.Invalid, Message: "the digest is not valid", Err: errDigest}
	}
	return q, nil
}
