// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
)

// Limits of what an image brings to the configuration.
const (
	MaxRenderings = 16       // files
	MaxTemplate   = 64 << 10 // of one, in bytes
	MaxShows      = 32       // show commands with one first word
)

// Configured is a part of a switch's configuration that a service brings: its schema, and how
// it becomes the service's own.
type Configured struct {
	Path   []string          `json:"path"`            // of the container that it is mounted in: ["protocols"]
	Schema map[string]any    `json:"schema"`          // in the form of package nos/schema
	Render []Rendering       `json:"render"`          // files, written in order
	Apply  []string          `json:"apply"`           // command that makes the files effective
	Check  []string          `json:"check,omitempty"` // command that only says whether they are right
	Shows  map[string][]Show `json:"shows,omitempty"` // show commands by first word: ospf
}

// Rendering makes a file of the service from configuration.
type Rendering struct {
	File     string `json:"file"`     // absolute, in the container
	Template string `json:"template"` // of package text/template, over the container that the path names
}

// Show is a show command of a switch's shell that a service answers.
type Show struct {
	Words   []string `json:"words"` // after the first: ["neighbor"]
	Summary string   `json:"summary,omitempty"`
	Call    string   `json:"call"` // SERVICE/NAME
}

// configured checks one part, but for its schema, which package nos/schema reads, and its
// templates, which package nos/render does.
func (p *problems) configured(at string, c *Configured, m *ImageManifest) {
	p.count(at+".path", len(c.Path), 1, 8)
	for i, w := range c.Path {
		if !word.MatchString(w) {
			p.add(fmt.Sprintf("%s.path[%d]", at, i), quote(shorten(w))+" is not a name", wantWord)
		}
	}
	if len(c.Schema) == 0 {
		p.add(at+".schema", "there is none", "nodes")
	}
	p.count(at+".render", len(c.Render), 1, MaxRenderings)
	for i, r := range c.Render {
		file := fmt.Sprintf("%s.render[%d]", at, i)
		p.absolute(file+".file", r.File)
		if r.Template == "" || len(r.Template) > MaxTemplate {
			p.add(file+".template", fmt.Sprintf("it is %d bytes long", len(r.Template)), fmt.Sprintf("1 to %d", MaxTemplate))
		}
	}
	p.words(at+".apply", c.Apply)
	if len(c.Check) > 0 {
		p.words(at+".check", c.Check)
	}
	for first, shows := range c.Shows {
		p.shows(at+".shows."+shorten(first), first, shows, m)
	}
}

func (p *problems) shows(at, first string, shows []Show, m *ImageManifest) {
	if !word.MatchString(first) {
		p.add(at, quote(shorten(first))+" is not a word", wantWord)
	}
	p.count(at, len(shows), 1, MaxShows)
	for i, s := range shows {
		show := fmt.Sprintf("%s[%d]", at, i)
		p.count(show+".words", len(s.Words), 0, 8)
		for j, w := range s.Words {
			if !word.MatchString(w) {
				p.add(fmt.Sprintf("%s.words[%d]", show, j), quote(shorten(w))+" is not a word", wantWord)
			}
		}
		p.line(show+".summary", s.Summary)
		p.called(show+".call", s.Call, m)
	}
}
