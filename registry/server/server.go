// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"

	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/linkspan/linkspan/registry/catalog"
	"github.com/linkspan/linkspan/registry/token"
)

// Server answers /v2/. It is safe for concurrent use.
type Server struct {
	config    Config
	app       *handlers.App
	router    router
	referrers referrers
	switches  *Switches
	tries     *tries
	disk      disk
	gate      *gate
	touched   *touched
}

var _ http.Handler = (*Server)(nil)

// New starts a registry on its folder.
func New(ctx context.Context, c Config) (*Server, error) {
	c = c.withDefaults()
	app, err := newApp(ctx, c.Dir, c.Log)
	if err != nil {
		return nil, err
	}
	return &Server{
		config: c, app: app, router: newRouter(), referrers: referrers{c.Store, c.Catalog},
		switches: newSwitches(c.Store, c.Now), tries: newTries(c.Now), disk: disk{c.Dir, c.Reserve}, gate: newGate(), touched: newTouched(c.Now),
	}, nil
}

// Close ends what runs beside requests.
func (s *Server) Close() error { return s.app.Shutdown() }

// Tokens returns the handler of the token service.
func (s *Server) Tokens() http.Handler {
	return token.Handler{Issuer: s.config.Tokens, Services: append([]string{Service}, s.config.Services...), Who: s.Who, Refuse: refuse}
}

// Switches returns who came with a switch's certificate.
func (s *Server) Switches() *Switches { return s.switches }

// Referrers returns the manifests of a repository that have one as their subject, of many the first.
func (s *Server) Referrers(ctx context.Context, repository string, subject digest.Digest) ([]v1.Descriptor, error) {
	found, _, err := s.referrers.list(ctx, request{repository: repository, reference: subject.String()}, "", "")
	return found, err
}

// Collect removes what no image needs, at a moment when nothing is written: pushes wait.
func (s *Server) Collect(ctx context.Context, o catalog.Collection) (catalog.Collected, error) {
	open, err := s.gate.close(ctx)
	if err != nil {
		return catalog.Collected{}, err
	}
	defer open()
	o.Spared = s.touched.within
	return s.config.Catalog.Collect(ctx, o)
}

// Removing keeps the garbage collector away while do removes something.
func (s *Server) Removing(ctx context.Context, do func() error) error {
	leave, err := s.gate.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return do()
}

// ServeHTTP implements the interface.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q, err := s.router.read(r)
	if err == nil {
		q.party, err = s.allow(r, q)
	}
	if err != nil {
		s.refuse(w, r, q, err)
		return
	}
	switch {
	case q.kind == kindReferrers:
		s.referrers.serve(w, r, q)
	case q.kind == kindCatalog, !q.writes:
		if q.kind == kindBlob {
			s.touched.now(q.reference) // it may be the reason for which a client does not push it
		}
		s.app.ServeHTTP(w, r)
	default:
		s.write(w, r, q)
	}
}

// write serves what changes something.
func (s *Server) write(w http.ResponseWriter, r *http.Request, q request) {
	leave, err := s.gate.enter(r.Context())
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer leave()
	full := &fullness{disk: s.disk}
	out := &answering{ResponseWriter: w, full: full}
	if r.Method != http.MethodDelete {
		if err := full.begin(r); err != nil {
			refuse(w, r, err)
			return
		}
		r.Body = full.reading(r.Body)
	}
	if q.kind == kindManifest {
		s.manifest(out, r, q)
		return
	}
	if q.kind == kindUpload && q.mount != "" {
		s.touched.now(q.mount)
	}
	s.app.ServeHTTP(out, r)
	if q.upload != "" && full.ended() { // others need the space
		if err := s.config.Catalog.Drop(r.Context(), q.repository, q.upload); err != nil {
			s.config.Log.Warn("an upload that did not fit cannot be removed", "repository", q.repository, "error", err)
		}
	}
}

// secret returns what the library signs the state of uploads with. Uploads do not
// outlive the process, whose clients begin them again.
func secret() string {
	var bits [32]byte
	_, _ = rand.Read(bits[:]) // never fails (crypto/rand)
	return hex.EncodeToString(bits[:])
}
