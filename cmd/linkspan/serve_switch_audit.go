// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/access"
	"github.com/linkspan/linkspan/nos/auditing"
	"github.com/linkspan/linkspan/nos/rpc"
	"github.com/linkspan/linkspan/nos/support"
	"github.com/linkspan/linkspan/trust/audit"
)

// openAudit goes on with the switch's audit log, whose every record is logged too: a
// syslog server that gets the log then has what holds the records to what they were.
func (s *switchRole) openAudit() (*audit.Log, error) {
	log, err := audit.Open(audit.Options{Dir: filepath.Join(s.stateDir, "audit"), Written: s.logRecord})
	if err != nil {
		return nil, err
	}
	if _, err := log.Append(audit.Entry{Kind: audit.Start, Text: fmt.Sprintf("linkspan %s, process %d", version, os.Getpid())}); err != nil {
		s.log.Error("the audit log cannot be written; what changes something is refused until it can", "error", err)
	}
	return log, nil
}

func (s *switchRole) logRecord(r audit.Record) {
	s.log.Info(auditMessage, "number", r.Number, "kind", string(r.Kind), "who", r.Who, "how", r.How, "revision", r.Revision, "error", r.Error, "hash", r.Hash.String())
}

func (n *nos) closeAudit() error {
	if n.audit == nil {
		return nil
	}
	return n.audit.Close()
}

// audited writes down which calls on the local socket may change something.
func (s *switchRole) audited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := s.nos.Load()
		if n == nil {
			next.ServeHTTP(w, r)
			return
		}
		auditing.Calls{Log: n.audit, Who: caller, Told: toldServices()}.Of(next).ServeHTTP(w, r)
	})
}

// toldServices are the services that tell the audit log themselves what was called.
func toldServices() []string { return rpc.Services() }

// caller is who is behind a connection to the local socket.
func caller(ctx context.Context) audit.Entry {
	u := access.Local(typist(ctx))
	return audit.Entry{Who: u.Name, Role: string(u.Role), How: "api"}
}

// may asks whether who calls may do something: a user who has logged in, or who is behind a
// connection to the local socket.
func (n *nos) may(act access.Act) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		u, known := rpc.UserOf(ctx)
		if !known {
			u = access.Local(typist(ctx))
		}
		if u, err = n.guard.Again(u); err != nil {
			return err
		}
		return u.May(act)
	}
}

// mountOwn adds the services about who did what, and for finding faults.
func (n *nos) mountOwn(mux *http.ServeMux) {
	mux.Handle(apiv1connect.NewAuditServiceHandler(auditing.NewService(n.audit, n.may(access.Audit))))
	mux.Handle(apiv1connect.NewSupportServiceHandler(support.NewService(n.may(access.Support), n.supportOptions)))
}
