// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
)

// Limits of services.
const (
	MaxCalls     = 64 // of a service
	MaxArguments = 16 // of a call
	MaxWords     = 64 // of a command
	MaxWord      = 4096
)

// ServiceManifest is a service of an image: what it is called by, and how.
type ServiceManifest struct {
	Name   string `json:"name"`             // first part of its calls' paths: routing
	Socket string `json:"socket,omitempty"` // file name below /run/linkspan/bus on which it answers HTTP; empty: it has only adapters
	Calls  []Call `json:"calls,omitempty"`
}

// Call is one that a service answers: /v1/SERVICE/NAME.
type Call struct {
	Name      string     `json:"name"`
	Summary   string     `json:"summary,omitempty"`
	Changes   bool       `json:"changes,omitzero"` // it changes something: POST; else GET
	Arguments []Argument `json:"arguments,omitempty"`
	Adapter   *Adapter   `json:"adapter,omitempty"` // nil: it is passed on to the service's socket
}

// HealthCheck says whether a service is healthy: a command that ends with status 0, or a call.
type HealthCheck struct {
	Command  []string `json:"command,omitempty"`
	Call     string   `json:"call,omitempty"`    // SERVICE/NAME, instead of a command
	Interval Duration `json:"interval,omitzero"` // default 5 s
	Timeout  Duration `json:"timeout,omitzero"`  // default 3 s
	Retries  int      `json:"retries,omitzero"`  // default 3
	Start    Duration `json:"start,omitzero"`    // in which failures do not count; default 30 s
}

// Call returns the call of that path, SERVICE/NAME, nil if the image has none.
func (m *ImageManifest) Call(path string) *Call {
	service, name, _ := strings.Cut(path, "/")
	for i := range m.Services {
		if m.Services[i].Name == service {
			return m.Services[i].Call(name)
		}
	}
	return nil
}

// Call returns the call of that name, nil if the service has none.
func (s *ServiceManifest) Call(name string) *Call {
	for i := range s.Calls {
		if s.Calls[i].Name == name {
			return &s.Calls[i]
		}
	}
	return nil
}

// word is a name that is part of a path and of a command.
var word = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

const wantWord = "at most 40 small letters, digits and '-', beginning with a letter"

// socket is the name of a file, no path.
var socket = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// service checks one service, but for its name.
func (p *problems) service(at string, s *ServiceManifest) {
	if s.Socket != "" && !socket.MatchString(s.Socket) {
		p.add(at+".socket", quote(shorten(s.Socket))+" is not the name of a socket", "a file name, as in monitor.sock")
	}
	p.count(at+".calls", len(s.Calls), 0, MaxCalls)
	taken := make(map[string]bool)
	for i := range s.Calls {
		call := fmt.Sprintf("%s.calls[%d]", at, i)
		p.name(call+".name", s.Calls[i].Name, taken)
		p.call(call, &s.Calls[i], s.Socket != "")
	}
}

func (p *problems) call(at string, c *Call, hasSocket bool) {
	p.line(at+".summary", c.Summary)
	p.count(at+".arguments", len(c.Arguments), 0, MaxArguments)
	taken := make(map[string]bool)
	for i := range c.Arguments {
		argument := fmt.Sprintf("%s.arguments[%d]", at, i)
		p.name(argument+".name", c.Arguments[i].Name, taken)
		p.argument(argument, &c.Arguments[i])
	}
	if c.Adapter != nil {
		p.adapter(at+".adapter", c)
	} else if !hasSocket {
		p.add(at, "nobody answers the call", "adapter, or the service's socket")
	}
}

func (p *problems) health(at string, h *HealthCheck) {
	if (len(h.Command) > 0) == (h.Call != "") {
		p.add(at, "it has to say how it is checked", "command or call")
	}
	if len(h.Command) > 0 {
		p.words(at+".command", h.Command)
	}
	if h.Retries < 0 || h.Retries > 100 {
		p.add(at+".retries", fmt.Sprintf("%d is out of range", h.Retries), "0 to 100")
	}
	p.atMost(at+".interval", h.Interval, time.Hour)
	p.atMost(at+".timeout", h.Timeout, 10*time.Minute)
	p.atMost(at+".start", h.Start, time.Hour)
}

func (p *problems) atMost(at string, d Duration, most time.Duration) {
	if d < 0 || time.Duration(d) > most {
		p.add(at, d.String()+" is out of range", "at most "+Duration(most).String())
	}
}

// called checks that the image has a call, which needs no arguments.
func (p *problems) called(at, path string, m *ImageManifest) {
	c := m.Call(path)
	if c == nil {
		p.add(at, "the image has no call "+quote(shorten(path)), "SERVICE/NAME of a call of the image")
		return
	}
	for _, a := range c.Arguments {
		if a.Required {
			p.add(at, "call "+path+" needs argument "+a.Name, "a call that needs none")
		}
	}
}

// words checks a command: its program and arguments.
func (p *problems) words(at string, command []string) {
	p.count(at, len(command), 1, MaxWords)
	for i, w := range command {
		if len(w) > MaxWord || strings.ContainsRune(w, 0) || i == 0 && w == "" {
			p.add(fmt.Sprintf("%s[%d]", at, i), "it is not a word of a command", fmt.Sprintf("at most %d bytes", MaxWord))
		}
	}
}

func hasControl(text string) bool { return strings.ContainsFunc(text, unicode.IsControl) }

// shorten cuts what somebody wrote for a message.
func shorten(text string) string {
	if len(text) <= 64 {
		return text
	}
	return strings.ToValidUTF8(text[:64], "") + "..."
}
