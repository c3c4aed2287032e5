// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"slices"

	"github.com/linkspan/linkspan"
)

// All in [Caller.May] allows every call of every service.
const All = "*"

// EventsGrant in [Caller.May] allows to listen to events and to send some.
const EventsGrant = "events"

// Caller is who calls, as the listener knows him.
type Caller struct {
	Name string   // of a member, or of who is behind a client certificate
	Kind string   // member, host or network
	May  []string // SERVICE, SERVICE/CALL, EventsGrant, or All
}

// may says whether the caller may make a call; one that is not declared has an empty name.
// Of a guarded service, what changes something must be named itself.
func (c Caller) may(s *Service, call linkspan.Call) bool {
	if slices.Contains(c.May, All) || call.Name != "" && slices.Contains(c.May, s.Name+"/"+call.Name) {
		return true
	}
	return slices.Contains(c.May, s.Name) && (!s.Guarded || !call.Changes)
}

// mayAny says whether the caller may make any call of a service.
func (c Caller) mayAny(s *Service) bool {
	return c.may(s, linkspan.Call{}) || slices.ContainsFunc(s.Calls, func(call linkspan.Call) bool { return c.may(s, call) })
}

func (c Caller) mayListen() bool {
	return c.Kind == KindMember || slices.Contains(c.May, All) || slices.Contains(c.May, EventsGrant)
}

// The kinds of callers.
const (
	KindMember  = "member"
	KindHost    = "host"
	KindNetwork = "network"
)

// denied is the error of who may not.
func denied(c Caller, what string) error {
	return &linkspan.Error{
		Code: linkspan.Permission, Message: c.Kind + " " + c.Name + " may not call " + what,
		Hint: "name it among the calls of the member, or of what the composite exposes",
	}
}
