// SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/audit"
)

// status is how an error is answered: the code of HTTP, and that of the OCI
// distribution-spec 1.1 (error codes).
type status struct {
	http int
	oci  string
}

var statuses = map[linkspan.Code]status{
	linkspan.Invalid:         {http.StatusBadRequest, "UNSUPPORTED"},
	linkspan.NotFound:        {http.StatusNotFound, "NAME_UNKNOWN"},
	linkspan.Permission:      {http.StatusForbidden, "DENIED"},
	linkspan.Unauthenticated: {http.StatusUnauthorized, "UNAUTHORIZED"},
	linkspan.Exhausted:       {http.StatusTooManyRequests, "TOOMANYREQUESTS"},
	linkspan.Unavailable:     {http.StatusServiceUnavailable, "UNSUPPORTED"},
}

// errDigest says that a digest cannot be used.
var errDigest = errors.New("the digest cannot be used")

// statusOf returns how an error is answered.
func statusOf(err error) status {
	switch {
	case errors.Is(err, errNoSpace):
		return status{http.StatusInsufficientStorage, "DENIED"}
	case errors.Is(err, errDigest):
		return status{http.StatusBadRequest, "DIGEST_INVALID"}
	case errors.Is(err, errLarge):
		return status{http.StatusRequestEntityTooLarge, "SIZE_INVALID"}
	}
	if s, ok := statuses[linkspan.CodeOf(err)]; ok {
		return s
	}
	return status{http.StatusInternalServerError, "UNSUPPORTED"}
}

// failure is the body of an answer that says why not.
type failure struct {
	Errors []reason `json:"errors"`
}

type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail,omitempty"` // what to do
}

// refuse answers with an error. To who is not known it says how to be.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	s := statusOf(err)
	h := w.Header()
	if s.http == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Basic realm="`+Service+`"`)
	}
	if s.http == http.StatusTooManyRequests || s.http == http.StatusServiceUnavailable {
		h.Set("Retry-After", "10")
	}
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(s.http)
	message := "something is wrong inside"
	if s.http != http.StatusInternalServerError {
		message = err.Error()
	}
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(failure{[]reason{{s.oci, message, linkspan.HintOf(err)}}})
	}
}

// refuse answers a request of the registry with an error, and tells clients where they
// get a token that would do.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, q request, err error) {
	switch linkspan.CodeOf(err) {
	case linkspan.Unauthenticated:
		w.Header().Set("WWW-Authenticate", challenge(r, q, err))
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	case linkspan.Internal:
		s.config.Log.Error("a request failed", "path", r.URL.Path, "error", err)
	}
	if linkspan.CodeOf(err) == linkspan.Permission || errors.Is(err, errTooLittle) {
		s.config.Audit(audit.Entry{Kind: audit.Denied, Who: q.party.Identity.Name, How: "registry", From: peerAddress(r).String(), Text: r.Method + " " + r.URL.Path, Error: err.Error()})
	}
	refuse(w, r, err)
}

// challenge says where a token is issued, by the name under which the client knows this
// host, and which scope is needed (distribution's token authentication specification).
func challenge(r *http.Request, q request, err error) string {
	scheme := "https"
	if r.TLS == nil {
		scheme = "http"
	}
	text := fmt.Sprintf(`Bearer realm="%s://%s/token",service="%s"`, scheme, quotable(r.Host), Service)
	var scopes []string
	for _, need := range q.needs {
		scopes = append(scopes, quotable(need.String()))
	}
	if len(scopes) > 0 {
		text += `,scope="` + strings.Join(scopes, " ") + `"`
	}
	if errors.Is(err, errTooLittle) {
		text += `,error="insufficient_scope"`
	}
	return text
}

// quotable leaves out what would end a quoted string (RFC 9110, 5.6.4).
func quotable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r > '~' {
			return -1
		}
		return r
	}, text)
}
