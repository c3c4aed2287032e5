// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/opencontainers/go-digest"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/trust/audit"
)

// maxManifest is the greatest size of a manifest, in bytes: what the OCI distribution-spec
// 1.1 (pushing manifests) says that a registry should take.
const maxManifest = 4 << 20

// errLarge says that a manifest is larger than [maxManifest].
var errLarge = &linkspan.Error{Code: linkspan.Invalid, Message: "the manifest is larger than 4 MiB"}

// manifest serves what puts or deletes one.
func (s *Server) manifest(w *answering, r *http.Request, q request) {
	if r.Method == http.MethodPut {
		s.putManifest(w, r, q)
		return
	}
	subject := s.referrers.subjectOf(r.Context(), q.repository, q.reference)
	s.app.ServeHTTP(w, r)
	if w.status < http.StatusMultipleChoices {
		s.noted(r, q, "delete")
		if subject != "" {
			s.referrers.forget(r.Context(), q.repository, subject, q.reference)
		}
	}
}

// putManifest keeps what a manifest says of its subject before the manifest is kept:
// of one that then is not there, nothing is told.
func (s *Server) putManifest(w *answering, r *http.Request, q request) {
	body, err := readManifest(r.Body)
	if err != nil {
		if w.full.err() != nil {
			err = w.full.err()
		}
		refuse(w, r, err)
		return
	}
	m := parseManifest(body, r.Header.Get("Content-Type"))
	m.Digest = digestOf(q.reference, body)
	if m.subject != "" {
		if err := s.referrers.remember(r.Context(), q.repository, m); err != nil {
			s.config.Log.Error("a manifest's subject cannot be kept", "repository", q.repository, "error", err)
			refuse(w, r, err)
			return
		}
		w.created = func(h http.Header) { h.Set("OCI-Subject", m.subject.String()) }
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	s.app.ServeHTTP(w, r)
	if w.status == http.StatusCreated {
		s.noted(r, q, "push")
	}
}

// readManifest reads a manifest of bounded size.
func readManifest(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(body, maxManifest+1))
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "the manifest did not come whole", Err: err}
	}
	if len(text) > maxManifest {
		return nil, errLarge
	}
	return text, nil
}

// digestOf returns the digest that a manifest is kept under.
func digestOf(reference string, body []byte) digest.Digest {
	if d, err := digest.Parse(reference); err == nil {
		return d.Algorithm().FromBytes(body)
	}
	return digest.Canonical.FromBytes(body)
}

// noted has it written down who changed what.
func (s *Server) noted(r *http.Request, q request, what string) {
	separator := ":"
	if _, err := digest.Parse(q.reference); err == nil {
		separator = "@"
	}
	s.config.Audit(audit.Entry{
		Kind: audit.Call, Who: q.party.Identity.Name, How: "registry", From: peerAddress(r).String(),
		Text: what + " " + q.repository + separator + q.reference,
	})
}

// answering is an answer to what changes something. When the disk had no space it says
// so, whatever was to be answered.
type answering struct {
	http.ResponseWriter
	full    *fullness
	created func(http.Header) // called before the head of an answer of status 201; may be nil
	status  int
	mute    bool
}

var _ http.ResponseWriter = (*answering)(nil)

// WriteHeader implements the interface.
func (a *answering) WriteHeader(code int) {
	if a.status != 0 {
		return
	}
	a.status = code
	if code >= http.StatusBadRequest && a.full.err() != nil {
		a.mute = true
		h := a.Header()
		h.Del("Content-Length")
		a.status = http.StatusInsufficientStorage
		refuse(a.ResponseWriter, &http.Request{}, a.full.err())
		return
	}
	if code == http.StatusCreated && a.created != nil {
		a.created(a.Header())
	}
	a.ResponseWriter.WriteHeader(code)
}

// Write implements the interface.
func (a *answering) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if a.mute {
		return len(p), nil
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap gives [http.ResponseController] what is below.
func (a *answering) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// errNoSpace says that the disk is full; see [disk].
var errNoSpace = errors.New("no space left on the registry's disk")
