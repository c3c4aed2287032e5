// SPDX-License-Identifier: Apache-2.0

package auditing

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/trust/audit"
)

// Calls writes down which calls of the API were made that may change something: each before
// it is carried out. One that cannot be written down is refused.
type Calls struct {
	Log Log
	// Who says who calls, and by what means; the rest of the entry is not looked at.
	Who func(context.Context) audit.Entry
	// Told are services that tell the log themselves what was called; they are left alone.
	Told []string
}

// Of returns a handler that writes down what next is called for.
func (c Calls) Of(next http.Handler) http.Handler {
	refusals := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service, method, ok := procedure(r.URL.Path)
		if !ok || reads(method) || c.told(service) {
			next.ServeHTTP(w, r)
			return
		}
		who := c.Who(r.Context())
		e := audit.Entry{Kind: audit.Call, Who: who.Who, Role: who.Role, How: who.How, From: who.From, Session: who.Session, Text: service + "." + method}
		if _, err := c.Log.Append(e); err != nil {
			_ = refusals.Write(w, r, api.ToRPC(unwritten(err))) // nobody is left to be told
			return
		}
		next.ServeHTTP(w, r)
	})
}

// unwritten is why something that cannot be written down is not done.
func unwritten(err error) error {
	return &linkspan.Error{
		Code: linkspan.Unavailable, Message: "it is not done, as it cannot be written into the audit log",
		Hint: "is the disk full? linkspan doctor", Err: err,
	}
}

func (c Calls) told(service string) bool {
	for _, name := range c.Told {
		if name[strings.LastIndex(name, ".")+1:] == service {
			return true
		}
	}
	return false
}

// procedure reads "/linkspan.v1.NetworkService/Create".
func procedure(path string) (service, method string, ok bool) {
	service, method, ok = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if i := strings.LastIndex(service, "."); i >= 0 {
		service = service[i+1:]
	}
	return service, method, ok && service != "" && method != "" && !strings.Contains(method, "/")
}

// reads says of a method that it changes nothing: by how its name begins, so that
// one that nobody thought of is written down.
func reads(method string) bool {
	for _, verb := range []string{"Get", "List", "Watch", "Check", "Version", "Explain", "Test", "Plan", "Verify", "Resolve", "Find", "Follow", "Collect"} {
		if rest, ok := strings.CutPrefix(method, verb); ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
			return true
		}
	}
	return false
}

// Denied writes down that somebody was refused something. The error of the log is returned.
func Denied(to Log, who audit.Entry, what string, why error) error {
	who.Kind, who.Text, who.Error = audit.Denied, what, fmt.Sprintf("%s: %v", linkspan.CodeOf(why), why)
	_, err := to.Append(who)
	return err
}
