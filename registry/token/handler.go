// SPDX-License-Identifier: Apache-2.0

package token

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/registry/account"
)

// Handler answers GET /token?service=NAME&scope=SCOPE. A part of what is asked for that
// the caller may not have is left out, and no error.
type Handler struct {
	Issuer   *Issuer
	Services []string // for which tokens are issued: this registry, and those of others
	// Who says who asks. Its error is answered with Refuse.
	Who    func(*http.Request) (account.Party, error)
	Refuse func(http.ResponseWriter, *http.Request, error)
}

var _ http.Handler = Handler{}

// answer is the body of an answer: clients know the token by either name.
type answer struct {
	Token   string `json:"token"`
	Access  string `json:"access_token"`
	Expires int    `json:"expires_in"` // seconds
	Issued  string `json:"issued_at"`  // RFC 3339
}

// ServeHTTP implements the interface.
func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t, err := h.issue(r)
	if err != nil {
		h.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(answer{t.Text, t.Text, int(Lifetime / time.Second), t.Issued.Format(time.RFC3339)})
}

func (h Handler) issue(r *http.Request) (Token, error) {
	party, err := h.Who(r)
	if err != nil {
		return Token{}, err
	}
	query := r.URL.Query()
	service := query.Get("service")
	if !slices.Contains(h.Services, service) {
		return Token{}, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("no tokens are issued for the service %.60q", service),
			Hint: "give the registry its name with --token-service",
		}
	}
	scopes, err := account.ParseScopes(query["scope"])
	if err != nil {
		return Token{}, err
	}
	return h.Issuer.Issue(party.Identity.Name, service, party.Rights.Grant(scopes))
}
