// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
	"github.com/linkspan/linkspan/trust"
	"github.com/linkspan/linkspan/trust/audit"
)

// Who says who makes a request: by name and password, or by the connection's certificate.
// The error is Unauthenticated for nobody and for a wrong password, and Exhausted for an
// address that tries too many.
func (s *Server) Who(r *http.Request) (account.Party, error) {
	if name, secret, ok := r.BasicAuth(); ok {
		return s.login(r, name, secret)
	}
	if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
		id, err := trust.PeerIdentity(*r.TLS)
		if err == nil {
			err = s.config.Check(r.TLS.PeerCertificates[0])
		}
		if err != nil {
			return account.Party{}, err
		}
		if id.Kind == trust.KindChassis {
			s.switches.seen(r.Context(), id, peerAddress(r))
		}
		return account.PartyOf(id), nil
	}
	return account.Party{}, &linkspan.Error{Code: linkspan.Unauthenticated, Message: "log in first", Hint: "linkspan login " + r.Host}
}

func (s *Server) login(r *http.Request, name, secret string) (account.Party, error) {
	from := peerAddress(r)
	if err := s.tries.take(from); err != nil {
		return account.Party{}, err
	}
	u, err := s.config.Users.Login(r.Context(), name, secret)
	if linkspan.CodeOf(err) == linkspan.Unauthenticated {
		s.config.Audit(audit.Entry{Kind: audit.Denied, Who: shown(name), How: "registry", From: from.String(), Text: "login", Error: err.Error()})
		return account.Party{}, err
	}
	s.tries.forgive(from) // it was right, or nobody knows
	return u.Party(), err
}

// shown bounds a name that nobody has checked.
func shown(name string) string {
	if linkspan.ValidateName("user", name) != nil {
		return fmt.Sprintf("%.60q", name)
	}
	return name
}

// allow returns who asks if that one may do it. The error is Unauthenticated for
// nobody and for a token that has too little, which another token may mend, and
// Permission for who may not.
func (s *Server) allow(r *http.Request, q request) (account.Party, error) {
	if text, ok := bearer(r); ok {
		return s.allowToken(text, q)
	}
	party, err := s.Who(r)
	if err != nil {
		return party, err
	}
	for _, need := range q.needs {
		if got := party.Rights.Grant([]account.Scope{need}); len(got) == 0 || len(got[0].Actions) < len(need.Actions) {
			return party, &linkspan.Error{Code: linkspan.Permission, Message: party.Identity.Label() + " may not do this: it needs " + need.String(), Hint: "ask an administrator for a grant: linkspan user grant"}
		}
	}
	return party, nil
}

func (s *Server) allowToken(text string, q request) (account.Party, error) {
	claims, err := s.config.Tokens.Read(text, Service)
	if err != nil {
		return account.Party{}, err
	}
	party := account.Party{Identity: trust.Identity{Kind: trust.KindUser, Name: claims.Subject}}
	for _, need := range q.needs {
		for _, action := range need.Actions {
			if !claims.May(need.Type, need.Name, action) {
				return party, &linkspan.Error{
					Code: linkspan.Unauthenticated, Message: claims.Subject + " may not do this: it needs " + need.String(),
					Hint: "ask an administrator for a grant: linkspan user grant", Err: errTooLittle,
				}
			}
		}
	}
	return party, nil
}

// errTooLittle is the cause of a refusal of a token that is good and has too little.
var errTooLittle = &linkspan.Error{Code: linkspan.Permission, Message: "the token has too little"}

func bearer(r *http.Request) (string, bool) {
	scheme, text, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), ok && strings.EqualFold(scheme, "Bearer")
}
