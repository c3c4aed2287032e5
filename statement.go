// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Validate says whether s is whole: a script that is valid, switches, an order, a time, and the
// digest of every image. The error has code Invalid.
func (s *Statement) Validate() error {
	for _, problem := range s.Problems() {
		return problem.Err("statement of script", s.Script.Name)
	}
	return nil
}

// Problems returns all that is wrong with s by itself; those of its script are below "script".
func (s *Statement) Problems() []Problem {
	var all problems
	if s.Type != StatementType {
		all.add("type", "type "+quote(s.Type)+" is not known", StatementType)
	}
	all.check("fleet", ValidateName("fleet", s.Fleet), wantName)
	if len(s.Targets) == 0 {
		all.add("targets", "it is for no switch", "at least one")
	}
	all.names("targets", "switch", s.Targets, MaxScriptTargets)
	if s.Epoch == 0 || s.Serial == 0 {
		all.add("serial", fmt.Sprintf("epoch %d and serial %d say no order", s.Epoch, s.Serial), "numbers from 1")
	}
	if life := s.Expires.Sub(s.Issued); s.Issued.IsZero() || life <= 0 || life > MaxScriptLife {
		all.add("expires", fmt.Sprintf("it is issued %s and expires %s", stamp(s.Issued), stamp(s.Expires)), "at most two years")
	}
	if s.Previous != "" && !IsDigest(s.Previous) {
		all.add("previous", quote(s.Previous)+" is no digest", "sha256: and 64 hexadecimal digits")
	}
	all.digests(s)
	for _, p := range s.Script.Problems() {
		all.add("script."+p.Path, p.Message, p.Want)
	}
	return all
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// digests checks that each image that the script uses has a digest, and no other one has.
func (p *problems) digests(s *Statement) {
	used := s.Script.Images()
	for _, image := range used {
		r, err := ParseImageReference(image)
		digest := s.Images[image]
		switch {
		case err != nil: // the script's problem
		case !IsDigest(digest):
			p.add("images", "image "+image+" has no digest", "sha256: and 64 hexadecimal digits")
		case r.Digest != "" && r.Digest != digest:
			p.add("images", "image "+image+" is given another digest, "+digest, r.Digest)
		}
	}
	for _, image := range slices.Sorted(maps.Keys(s.Images)) {
		if _, found := slices.BinarySearch(used, image); !found {
			p.add("images", "image "+quote(image)+" is not used by the script", "images of its composites")
		}
	}
}

// Images returns the references of all images that the script uses, as it writes them, sorted.
func (s *Script) Images() []string {
	var all []string
	for _, c := range s.Composites {
		for _, m := range c.Services {
			all = append(all, m.Image)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Pinned returns the composites with all their images by digest alone: REPOSITORY@sha256:....
// The statement must be a valid one; what it holds is not changed.
func (s *Statement) Pinned() []Composite {
	all := slices.Clone(s.Script.Composites)
	for i := range all {
		all[i].Services = slices.Clone(all[i].Services)
		for j := range all[i].Services {
			m := &all[i].Services[j]
			r, _ := ParseImageReference(m.Image) // valid
			r.Digest = s.Images[m.Image]
			m.Image = r.Pinned()
		}
	}
	return all
}
