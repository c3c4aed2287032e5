// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"sync/atomic"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/nos/rpc"
)

// nosServices are the names of the API's services about the configuration, which the
// switch serves on its socket from the start, also while it has no controller.
func nosServices() []string {
	return append(rpc.Services(), apiv1connect.AuditServiceName, apiv1connect.SupportServiceName)
}

// serveConfiguration makes the handlers of nosServices.
func (n *nos) serveConfiguration() error {
	n.mountOwn(n.api)
	return n.serveOperation()
}

// front is what a switch serves on its own socket: the services about its configuration
// from the start, all else once it has joined.
type front struct {
	role   *switchRole
	joined atomic.Pointer[http.Handler]
}

// ServeHTTP passes a request to whoever is there for it.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.role.audited(f.role.withNOS(f.fabric())).ServeHTTP(w, r)
}

// fabric serves what is there when the switch has joined.
func (f *front) fabric() http.Handler {
	if h := f.joined.Load(); h != nil {
		return *h
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", f.role.isStarting)
	path, system := apiv1connect.NewSystemServiceHandler(hostService{role: "switch", checks: f.role.checks})
	mux.Handle(path+"Check", system) // doctor asks also, and all the more, of a switch that is not up
	return mux
}

// withNOS adds the services about the configuration to those of next.
func (s *switchRole) withNOS(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", next)
	for _, name := range nosServices() {
		mux.HandleFunc("/"+name+"/", func(w http.ResponseWriter, r *http.Request) {
			if n := s.nos.Load(); n != nil {
				n.api.ServeHTTP(w, r)
				return
			}
			s.isStarting(w, r)
		})
	}
	return mux
}

// isStarting refuses a request that comes too early.
func (s *switchRole) isStarting(w http.ResponseWriter, r *http.Request) {
	_, status := s.status()
	early := &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch is starting: " + status, Hint: "try again"}
	_ = connect.NewErrorWriter().Write(w, r, api.ToRPC(early)) // nobody is left to be told
}
