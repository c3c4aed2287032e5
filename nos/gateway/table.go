// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/linkspan/linkspan"
)

// Table is what a composite offers. It is not changed once it is set.
type Table struct {
	Services []Service
}

// Service is one that can be called.
type Service struct {
	linkspan.ServiceManifest
	Member  string   // in whose container its adapters run
	Backend *Backend // where its socket is; nil: it has none
	Local   Local    // makes its calls instead; nil: it is a member's
	Guarded bool     // who may call the service may not make calls that change something: these are named one by one
}

// Local makes a call of a service of this process. What it returns is sent as JSON. The
// arguments are those that the call declares, in canonical form.
type Local func(ctx context.Context, c Caller, call string, arguments map[string]string) (any, error)

// reserved are the words after /v1/ that are no services.
func reserved() []string { return []string{"services", "call", "events"} }

// Validate says whether a table can be used: of two services of the same name neither could be meant.
func (t Table) Validate() error {
	seen := map[string]bool{}
	for i := range t.Services {
		s := &t.Services[i]
		if err := linkspan.ValidateName("service", s.Name); err != nil {
			return err
		}
		if slices.Contains(reserved(), s.Name) {
			return invalid("a service cannot be called %q", s.Name)
		}
		if seen[s.Name] {
			return invalid("there are two services called %q in the composite", s.Name)
		}
		seen[s.Name] = true
		if err := s.validate(); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) validate() error {
	if s.Socket != "" && !plainFile(s.Socket) {
		return invalid("socket %q of service %s is no file name", s.Socket, s.Name)
	}
	for i := range s.Calls {
		c := &s.Calls[i]
		if err := linkspan.ValidateName("call", c.Name); err != nil {
			return err
		}
		if c.Adapter == nil && s.Socket == "" && s.Local == nil {
			return invalid("call %s/%s has neither an adapter nor a socket", s.Name, c.Name)
		}
		if err := validateCall(s.Name, c); err != nil {
			return err
		}
	}
	return nil
}

// find returns a service and one of its calls; the call is empty if it declares none of that name.
func (t *Table) find(service, call string) (*Service, linkspan.Call, error) {
	i := slices.IndexFunc(t.Services, func(s Service) bool { return s.Name == service })
	if i < 0 {
		return nil, linkspan.Call{}, &linkspan.Error{Code: linkspan.NotFound, Message: fmt.Sprintf("there is no service %q in the composite", service), Hint: "GET /v1/services lists them"}
	}
	s := &t.Services[i]
	for _, c := range s.Calls {
		if c.Name == call {
			return s, c, nil
		}
	}
	return s, linkspan.Call{}, nil
}

func plainFile(name string) bool {
	return name != "." && name != ".." && linkspan.ValidateName("file", name) == nil
}

func invalid(format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}
