// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"net/http"

	"github.com/linkspan/linkspan"
)

// offered is a service as GET /v1/services shows it.
type offered struct {
	Name   string          `json:"name"`
	Member string          `json:"member,omitempty"`
	Calls  []linkspan.Call `json:"calls"`
	Whole  bool            `json:"whole"` // the caller may make all calls, also such as are not declared
}

// allowed returns what of the table a caller may call, without how that is done.
func (g *Gateway) allowed(c Caller) []offered {
	list := []offered{}
	t := g.table.Load()
	for i := range t.Services {
		s := &t.Services[i]
		if !c.mayAny(s) {
			continue
		}
		o := offered{Name: s.Name, Member: s.Member, Calls: []linkspan.Call{}, Whole: c.may(s, linkspan.Call{})}
		for _, call := range s.Calls {
			if c.may(s, call) {
				call.Adapter = nil
				o.Calls = append(o.Calls, call)
			}
		}
		list = append(list, o)
	}
	return list
}

func (g *Gateway) serveServices(w http.ResponseWriter, r *http.Request, c Caller) {
	g.show(w, r, map[string]any{"composite": g.options.Composite, "services": g.allowed(c)})
}

// serveOpenAPI describes the calls as OpenAPI 3.1 does.
func (g *Gateway) serveOpenAPI(w http.ResponseWriter, r *http.Request, c Caller) {
	paths := map[string]any{}
	for _, s := range g.allowed(c) {
		for _, call := range s.Calls {
			paths["/v1/"+s.Name+"/"+call.Name] = operation(s.Name, call)
		}
	}
	g.show(w, r, map[string]any{
		"openapi": "3.1.0", "info": map[string]string{"title": g.options.Composite, "version": "1"}, "paths": paths,
	})
}

func (g *Gateway) show(w http.ResponseWriter, r *http.Request, v any) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", http.MethodGet)
		fail(w, &methodError{http.MethodGet})
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // nobody is left to be told
}

// operation describes one call.
func operation(service string, call linkspan.Call) map[string]any {
	o := map[string]any{
		"operationId": service + "." + call.Name, "summary": call.Summary, "tags": []string{service},
		"responses": map[string]any{"200": map[string]string{"description": "the answer"}, "default": map[string]string{"description": "an error: code, message and hint"}},
	}
	if !call.Changes {
		var parameters []any
		for i := range call.Arguments {
			a := &call.Arguments[i]
			parameters = append(parameters, map[string]any{"name": a.Name, "in": "query", "required": a.Required, "schema": schemaOf(a)})
		}
		o["parameters"] = append([]any{}, parameters...)
		return map[string]any{"get": o}
	}
	properties, required := map[string]any{}, []string{}
	for i := range call.Arguments {
		a := &call.Arguments[i]
		properties[a.Name] = schemaOf(a)
		if a.Required {
			required = append(required, a.Name)
		}
	}
	body := map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	o["requestBody"] = map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": body}}}
	return map[string]any{"post": o}
}

// schemaOf describes an argument as JSON Schema does.
func schemaOf(a *linkspan.Argument) map[string]any {
	s := map[string]any{"type": "string"}
	switch {
	case len(a.OneOf) > 0:
		s["enum"] = a.OneOf
	case a.Type == typeInteger:
		s["type"] = "integer"
		if a.Minimum != nil {
			s["minimum"] = *a.Minimum
		}
		if a.Maximum != nil {
			s["maximum"] = *a.Maximum
		}
	case a.Type == typeBoolean:
		s["type"] = "boolean"
	case a.Pattern != "":
		s["pattern"] = "^(?:" + a.Pattern + ")$"
	case a.Type != typeString:
		s["description"] = "an IP " + a.Type
		if a.Type == typeMAC {
			s["description"] = "a MAC address"
		}
	}
	return s
}
