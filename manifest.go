// SPDX-License-Identifier: Apache-2.0

package linkspan

// The labels of images, as an OCI image configuration has them.
const (
	ManifestLabel  = "linkspan.manifest"  // an [ImageManifest], as JSON
	ChangelogLabel = "linkspan.changelog" // what each version changed, as text
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
	Shell        []string          `json:"shell,omitempty"` // program that attach starts, with its arguments: vtysh
}

// ImageDependency is an image that another one needs beside it.
type ImageDependency struct {
	Name    string `json:"name"`
	Version string `json:"version,omitempty"` // at least; empty: any
}

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

// Argument is a typed argument of a call.
type Argument struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"` // string, integer, boolean, address, prefix, mac, or one of
	OneOf    []string `json:"oneOf,omitempty"`
	Pattern  string   `json:"pattern,omitempty"` // of a string, as package regexp has it, of the whole
	Minimum  *int64   `json:"minimum,omitempty"` // of an integer
	Maximum  *int64   `json:"maximum,omitempty"`
	Required bool     `json:"required,omitzero"`
}

// Adapter turns a call into a command that is run in the member's container, without a shell.
type Adapter struct {
	Command []string `json:"command"`          // a word that is {NAME} is the argument's value, and is left out with it
	Output  string   `json:"output,omitempty"` // json: the answer is what it prints; text (default): {"text": ...}
	Timeout Duration `json:"timeout,omitzero"` // default 10 s
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

// Configured is a part of a switch's configuration that a service brings: its schema, and how
// it becomes the service's own.
type Configured struct {
	Path   []string          `json:"path"`            // where in the tree: ["routing"]
	Schema map[string]any    `json:"schema"`          // in the form of package nos/schema
	Render []Rendering       `json:"render"`          // files, written in order
	Apply  []string          `json:"apply"`           // command that makes the files effective
	Check  []string          `json:"check,omitempty"` // command that only says whether they are right
	Shows  map[string][]Show `json:"shows,omitempty"` // show commands by first word: ospf
}

// Rendering makes a file of the service from configuration.
type Rendering struct {
	File     string `json:"file"`     // absolute, in the container
	Template string `json:"template"` // of package text/template, over the subtree
}

// Show is a show command of a switch's shell that a service answers.
type Show struct {
	Words   []string `json:"words"` // after the first: ["neighbor"]
	Summary string   `json:"summary,omitempty"`
	Call    string   `json:"call"` // SERVICE/NAME
}
