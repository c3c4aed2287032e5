// SPDX-License-Identifier: Apache-2.0

package recipe

import (
	"time"

	"github.com/linkspan/linkspan"
)

// Recipe says how an image is made.
type Recipe struct {
	Name             string            `json:"name"`    // repository of the image: base/routing
	Version          string            `json:"version"` // of semantic versioning 2.0.0
	Summary          string            `json:"summary"`
	Date             string            `json:"date"`           // of all its files: 2026-11-01
	Base             string            `json:"base,omitempty"` // image that it is made on: see [Base]
	Packages         []string          `json:"packages,omitempty"`
	LeaveOut         LeaveOut          `json:"leaveOut,omitzero"`
	Groups           []Group           `json:"groups,omitempty"`
	Users            []User            `json:"users,omitempty"`
	Directories      []Directory       `json:"directories,omitempty"`
	Files            []File            `json:"files,omitempty"`
	Links            []Link            `json:"links,omitempty"`
	Programs         []Program         `json:"programs,omitempty"`
	Init             []Process         `json:"init,omitempty"` // what runs side by side, started in this order
	Entrypoint       []string          `json:"entrypoint,omitempty"`
	Command          []string          `json:"command,omitempty"`
	Environment      map[string]string `json:"environment,omitempty"`
	WorkingDirectory string            `json:"workingDirectory,omitempty"`
	User             string            `json:"user,omitempty"` // that its process is of; empty: root
	StopSignal       string            `json:"stopSignal,omitempty"`
	Changelog        []Change          `json:"changelog,omitempty"` // the newest first
	Manifest         *Manifest         `json:"manifest,omitempty"`  // nil: it is only a base of others
}

// Manifest is [linkspan.ImageManifest] without what the recipe says already.
type Manifest struct {
	Services     []linkspan.ServiceManifest `json:"services"`
	Dependencies []linkspan.ImageDependency `json:"dependencies,omitempty"`
	Conflicts    []string                   `json:"conflicts,omitempty"`
	Capabilities []string                   `json:"capabilities,omitempty"`
	Volumes      []string                   `json:"volumes,omitempty"`
	Health       *linkspan.HealthCheck      `json:"health,omitempty"`
	Configured   []Configured               `json:"configuration,omitempty"`
	Shell        []string                   `json:"shell,omitempty"`
}

// Configured is [linkspan.Configured], whose schema and templates may stand in files beside the recipe.
type Configured struct {
	Path       []string                   `json:"path"`
	SchemaFrom string                     `json:"schemaFrom"` // file in the form of package nos/schema
	Render     []Rendering                `json:"render"`
	Apply      []string                   `json:"apply"`
	Check      []string                   `json:"check,omitempty"`
	Shows      map[string][]linkspan.Show `json:"shows,omitempty"`
}

// Rendering is [linkspan.Rendering], whose template is a file beside the recipe.
type Rendering struct {
	File string `json:"file"`
	From string `json:"from"`
}

// LeaveOut says what is not in an image, beside what no image has.
type LeaveOut struct {
	Packages []string `json:"packages,omitempty"` // nor what only they need
	Paths    []string `json:"paths,omitempty"`    // with * and **, see package layer
	Keep     []string `json:"keep,omitempty"`     // paths that are not left out
	Needed   []string `json:"needed,omitempty"`   // libraries that may be missing: no program that is used loads them
}

// User is a user of the image.
type User struct {
	Name   string   `json:"name"`
	ID     int      `json:"id"`              // also of its group, which has its name
	Home   string   `json:"home,omitempty"`  // default /nonexistent
	Shell  string   `json:"shell,omitempty"` // default /usr/sbin/nologin
	Groups []string `json:"groups,omitempty"`
}

// Group is a group of the image beside those of its users.
type Group struct {
	Name string `json:"name"`
	ID   int    `json:"id"`
}

// Directory is a folder that is not only there for what is in it, or is somebody's.
type Directory struct {
	Path  string `json:"path"`
	Mode  string `json:"mode,omitempty"` // octal; default 0755
	Owner string `json:"owner,omitempty"`
	Group string `json:"group,omitempty"`
	All   bool   `json:"all,omitzero"` // what is in it is of the same owner
}

// File is a file of the image: its text, or a file beside the recipe.
type File struct {
	Path  string `json:"path"`
	Text  string `json:"text,omitempty"`
	From  string `json:"from,omitempty"`
	Mode  string `json:"mode,omitempty"` // octal; default 0644
	Owner string `json:"owner,omitempty"`
	Group string `json:"group,omitempty"`
}

// Link is a symbolic link.
type Link struct {
	Path string `json:"path"`
	To   string `json:"to"`
}

// Program is a static program: one beside the recipe, one of those that Linkspan brings (ask, frr, init,
// monitor), or a package of Go that is compiled, in a module beside the recipe.
type Program struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"` // file beside the recipe
	Own  string `json:"own,omitempty"`  // ask, frr, init or monitor
	Go   string `json:"go,omitempty"`   // folder of its main package beside the recipe
}

// Process is one of several that run in a container of the image.
type Process struct {
	Name    string   `json:"name"`
	Command []string `json:"command"`
}

// Change is what one version changed.
type Change struct {
	Version string `json:"version"`
	Text    string `json:"text"`
}

// Time returns the time of all files of the image. The recipe must be valid.
func (r *Recipe) Time() time.Time {
	t, err := time.Parse(time.DateOnly, r.Date)
	if err != nil {
		return time.Unix(0, 0).UTC()
	}
	return t
}
