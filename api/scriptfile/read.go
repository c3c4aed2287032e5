// SPDX-License-Identifier: Apache-2.0

package scriptfile

import (
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// MaxFile is the greatest size of a file, in bytes.
const MaxFile = 1 << 20

// Kind is what a script's document is called.
const Kind = "Behavior"

// Check is asked about a script that is whole, for what is wrong with it beyond itself: paths
// are those of the file.
type Check func(*linkspan.Script) []linkspan.Problem

// Read reads the script of a file, whose name is for the problems only. The error is
// [yamlfile.Problems]: all of them, also those that checks find.
func Read(file string, text []byte, checks ...Check) (*linkspan.Script, error) {
	var script *linkspan.Script
	admission := linkspan.DefaultAdmission()
	err := yamlfile.Read(file, text, MaxFile, func(r *yamlfile.Reader) {
		if script != nil {
			r.Fail(r.Root, "there is another script", "one in each file")
			return
		}
		r.Refused = admission.Refused
		script = document(r)
		if r.Right() { // else it would only be said twice
			r.Add(script.Problems()...)
		}
		for i := 0; i < len(checks) && r.Right(); i++ {
			r.Add(checks[i](script)...)
		}
	})
	if err != nil {
		return nil, err
	}
	return script, nil
}

// document reads a script. Its fields beside name and labels are below spec.
func document(r *yamlfile.Reader) *linkspan.Script {
	s := &linkspan.Script{}
	fields := r.Head(Kind, "metadata", "spec")
	if fields == nil {
		return s
	}
	if meta, ok := r.Mapping(r.Need(r.Root, fields, "metadata", "{name: NAME}"), "metadata", "name", "labels"); ok {
		s.Name = r.Text(r.Need(fields["metadata"], meta, "name", "the script's name"))
		s.Labels = r.Texts(meta["labels"])
	}
	var spec spec
	r.Decode(r.Need(r.Root, fields, "spec", "what switches are to be"), "spec", &spec)
	s.Targets, s.Configure, s.Composites, s.Rollout, s.Gates, s.Window = spec.Targets, spec.Configure, spec.Composites, spec.Rollout, spec.Gates, spec.Window
	return s
}

// spec is what a script says, in the order in which it is written.
type spec struct {
	Targets    linkspan.Targets     `json:"targets"`
	Configure  []string             `json:"configuration,omitempty"`
	Composites []linkspan.Composite `json:"composites,omitempty"`
	Rollout    linkspan.Rollout     `json:"rollout,omitzero"`
	Gates      []linkspan.Gate      `json:"gates,omitempty"`
	Window     *linkspan.Window     `json:"window,omitempty"`
}

// Admitted checks what a switch admits whose owner says nothing else.
func Admitted(s *linkspan.Script) []linkspan.Problem {
	a := linkspan.DefaultAdmission()
	return a.Problems(s)
}

// Pinned checks that each image is named by its digest, as of a script that is signed.
func Pinned(s *linkspan.Script) []linkspan.Problem {
	var wrong []linkspan.Problem
	for i, c := range s.Composites {
		for j, m := range c.Services {
			if r, err := linkspan.ParseImageReference(m.Image); err == nil && r.Digest == "" {
				wrong = append(wrong, linkspan.Problem{
					Path: fmt.Sprintf("spec.composites[%d].services[%d].image", i, j), Message: "image " + m.Image + " has no digest", Want: linkspan.WantImage,
				})
			}
		}
	}
	return wrong
}
