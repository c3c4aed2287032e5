// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
)

// The labels of images, as an OCI image configuration has them.
const (
	ManifestLabel  = "linkspan.manifest"  // an [ImageManifest], as JSON
	ChangelogLabel = "linkspan.changelog" // what each version changed, as text
)

// Limits of manifests.
const (
	MaxManifest     = 256 << 10 // of one as JSON, in bytes
	MaxServices     = 16        // of an image
	MaxDependencies = 16        // and as many conflicts, of an image
	MaxCapabilities = 16
	MaxVolumes      = 16
	MaxConfigured   = 8 // parts of the configuration that an image brings
)

// ImageManifest says what an image is and what it needs: data by which a switch runs what is
// in it, without code of its own.
type ImageManifest struct {
	Name         string            `json:"name"`    // repository: base/routing
	Version      string            `json:"version"` // of semantic versioning 2.0.0
	Summary      string            `json:"summary,omitempty"`
	Services     []ServiceManifest `json:"services"`               // that it offers; at least one
	Dependencies []ImageDependency `json:"dependencies,omitempty"` // what must be in the same composite
	Conflicts    []string          `json:"conflicts,omitempty"`    // names of images that must not be in the same composite
	Capabilities []string          `json:"capabilities,omitempty"` // of capabilities(7) that its process needs: NET_ADMIN
	Volumes      []string          `json:"volumes,omitempty"`      // absolute paths of what it keeps
	Health       *HealthCheck      `json:"health,omitempty"`       // nil: it is healthy while it runs
	Configured   []Configured      `json:"configuration,omitempty"`
	ReadOnly     bool              `json:"readOnly,omitzero"` // its root file system is not written to, but for /tmp and /run
	Shell        []string          `json:"shell,omitempty"`   // program that attach starts, with its arguments: vtysh
}

// ImageDependency is an image that another one needs beside it.
type ImageDependency struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // at least; empty: any
}

// ParseManifest reads a manifest as the label of an image has it, and validates it. A field
// that is not known is refused, as nobody would do what it says. Errors have code Invalid.
func ParseManifest(label string) (*ImageManifest, error) {
	if len(label) > MaxManifest {
		return nil, invalid("the manifest is %d bytes long, at most %d are read", len(label), MaxManifest)
	}
	d := json.NewDecoder(strings.NewReader(label))
	d.DisallowUnknownFields()
	m := &ImageManifest{}
	if err := d.Decode(m); err != nil {
		return nil, &Error{Code: Invalid, Message: "the manifest is not understood", Err: err}
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, invalid("there is something behind the manifest")
	}
	return m, m.Validate()
}

// Label returns the manifest as the label of an image has it.
func (m *ImageManifest) Label() (string, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		return "", fmt.Errorf("write the manifest of %s: %w", m.Name, err)
	}
	if text.Len() > MaxManifest {
		return "", invalid("the manifest of %s is %d bytes long, at most %d are read", m.Name, text.Len(), MaxManifest)
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// Validate says whether a switch can use m. The error has code Invalid and names the first
// field that is wrong.
func (m *ImageManifest) Validate() error {
	for _, problem := range m.Problems() {
		return problem.Err("image", m.Name)
	}
	return nil
}

// Problems returns all that is wrong with m by itself.
func (m *ImageManifest) Problems() []Problem {
	var all problems
	all.check("name", ValidateRepository(m.Name), wantRepository)
	all.check("version", ValidateVersion(m.Version), wantVersion)
	all.line("summary", m.Summary)
	all.count("services", len(m.Services), 1, MaxServices)
	names := make(map[string]bool)
	for i := range m.Services {
		at := fmt.Sprintf("services[%d]", i)
		all.name(at+".name", m.Services[i].Name, names)
		all.service(at, &m.Services[i])
	}
	m.others(&all)
	all.lists(m)
	if m.Health != nil {
		all.health("health", m.Health)
		if m.Health.Call != "" {
			all.called("health.call", m.Health.Call, m)
		}
	}
	all.count("configuration", len(m.Configured), 0, MaxConfigured)
	for i := range m.Configured {
		all.configured(fmt.Sprintf("configuration[%d]", i), &m.Configured[i], m)
	}
	if len(m.Shell) > 0 {
		all.words("shell", m.Shell)
	}
	return all
}

// others checks the images that m speaks of.
func (m *ImageManifest) others(all *problems) {
	all.count("dependencies", len(m.Dependencies), 0, MaxDependencies)
	needed := make(map[string]bool)
	for i, d := range m.Dependencies {
		at := fmt.Sprintf("dependencies[%d]", i)
		all.check(at+".name", ValidateRepository(d.Name), wantRepository)
		if d.Version != "" {
			all.check(at+".version", ValidateVersion(d.Version), wantVersion)
		}
		if needed[d.Name] {
			all.add(at+".name", "it is there twice", "")
		}
		needed[d.Name] = true
	}
	all.count("conflicts", len(m.Conflicts), 0, MaxDependencies)
	for i, name := range m.Conflicts {
		at := fmt.Sprintf("conflicts[%d]", i)
		all.check(at, ValidateRepository(name), wantRepository)
		if needed[name] {
			all.add(at, "the image also depends on it", "one of both")
		}
	}
}

var capability = regexp.MustCompile(`^[A-Z][A-Z_]{2,31}$`)

// lists checks what m needs of a switch.
func (p *problems) lists(m *ImageManifest) {
	p.count("capabilities", len(m.Capabilities), 0, MaxCapabilities)
	for i, c := range m.Capabilities {
		if !capability.MatchString(c) || strings.HasPrefix(c, "CAP_") || c == "ALL" {
			p.add(fmt.Sprintf("capabilities[%d]", i), quote(c)+" is not a capability", "a name of capabilities(7) without CAP_, as in NET_ADMIN")
		}
	}
	p.count("volumes", len(m.Volumes), 0, MaxVolumes)
	for i, v := range m.Volumes {
		p.absolute(fmt.Sprintf("volumes[%d]", i), v)
	}
}

// absolute checks a path in a container.
func (p *problems) absolute(at, name string) {
	if len(name) > MaxText || !path.IsAbs(name) || path.Clean(name) != name || name == "/" || hasControl(name) {
		p.add(at, quote(shorten(name))+" is not the path of a file", "an absolute path without . and .., as in /etc/frr/frr.conf")
	}
}

// line checks a text of one line, which may be empty.
func (p *problems) line(at, text string) {
	if len(text) > MaxText || hasControl(text) {
		p.add(at, "it is not one line", fmt.Sprintf("at most %d bytes without line breaks", MaxText))
	}
}

// count checks how many there are.
func (p *problems) count(at string, n, least, most int) {
	switch {
	case n < least:
		p.add(at, "there is none", fmt.Sprintf("%d to %d", least, most))
	case n > most:
		p.add(at, fmt.Sprintf("%d are too many", n), fmt.Sprintf("at most %d", most))
	}
}

// name checks a name of which there may be only one.
func (p *problems) name(at, name string, taken map[string]bool) {
	if !word.MatchString(name) {
		p.add(at, quote(shorten(name))+" is not a name", wantWord)
	}
	if taken[name] {
		p.add(at, quote(name)+" is there twice", "another name")
	}
	taken[name] = true
}
