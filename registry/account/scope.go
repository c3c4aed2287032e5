// SPDX-License-Identifier: Apache-2.0

package account

import (
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// The actions on a repository (Docker Registry v2 token scope documentation), and the one on the catalogue.
const (
	Pull   = "pull"
	Push   = "push"
	Delete = "delete"
	All    = "*"
)

// Types of what a scope is about.
const (
	Repository = "repository"
	Registry   = "registry" // its only name is catalog
)

// Bounds of what a client may ask for at once.
const (
	MaxScopes = 64
	maxScope  = 1024 // bytes of one
)

// Scope is what a client asks for, or has been granted: actions on one thing. Its
// JSON is the form of access entries in tokens.
type Scope struct {
	Type    string   `json:"type"`
	Name    string   `json:"name"`
	Actions []string `json:"actions"`
}

// String returns the scope as "type:name:action,action".
func (s Scope) String() string {
	return s.Type + ":" + s.Name + ":" + strings.Join(s.Actions, ",")
}

// Has says whether the scope has an action.
func (s Scope) Has(action string) bool { return slices.Contains(s.Actions, action) }

// ParseScopes reads scopes in the form of the token protocol: each text has one or
// several, separated by spaces. A class in the type, "repository(plugin)", is left out.
// The error is Invalid for what has another form and for more than [MaxScopes].
func ParseScopes(texts []string) ([]Scope, error) {
	var scopes []Scope
	for _, text := range texts {
		for word := range strings.FieldsSeq(text) {
			s, err := parseScope(word)
			if err != nil {
				return nil, err
			}
			if scopes = append(scopes, s); len(scopes) > MaxScopes {
				return nil, invalid(fmt.Sprintf("more than %d scopes are asked for", MaxScopes))
			}
		}
	}
	return scopes, nil
}

// parseScope reads one. The name may have colons, as that of a host with a port does.
func parseScope(text string) (Scope, error) {
	first, last := strings.Index(text, ":"), strings.LastIndex(text, ":")
	if len(text) > maxScope || first <= 0 || last <= first+1 {
		return Scope{}, invalid(fmt.Sprintf("the scope %.60q is not type:name:actions", text))
	}
	s := Scope{Type: text[:first], Name: text[first+1 : last]}
	s.Type, _, _ = strings.Cut(s.Type, "(")
	for action := range strings.SplitSeq(text[last+1:], ",") {
		if action != "" && !s.Has(action) {
			s.Actions = append(s.Actions, action)
		}
	}
	return s, nil
}

func invalid(message string) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: message}
}
