// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"errors"
	"fmt"
)

// Problem is one thing that is wrong with what somebody wrote: a policy, a script.
type Problem struct {
	Path    string // of the field, as it is written: "spec.from[0].cidr"
	Message string // what is wrong with it
	Want    string // what may stand there; may be empty
}

// Err returns the problem as an error of code Invalid about a thing of that name: what is
// "policy" or "script".
func (p Problem) Err(what, name string) error {
	e := &Error{Code: Invalid, Op: what + " " + quote(name), Message: p.Path + ": " + p.Message}
	if p.Want != "" {
		e.Hint = "expected " + p.Want
	}
	return e
}

const wantName = "letters, digits, '_', '.', '-', beginning with a letter or a digit"

// problems collects.
type problems []Problem

func (p *problems) add(path, message, want string) {
	*p = append(*p, Problem{path, message, want})
}

// check adds what an error says, if there is one.
func (p *problems) check(path string, err error, want string) {
	var coded *Error
	switch {
	case err == nil:
	case errors.As(err, &coded):
		p.add(path, coded.Message, want)
	default:
		p.add(path, err.Error(), want)
	}
}

func (p *problems) selectors(path string, all []Selector) {
	if len(all) > MaxSelectors {
		p.add(path, fmt.Sprintf("%d selectors are too many", len(all)), fmt.Sprintf("at most %d", MaxSelectors))
	}
	for i := range all {
		for _, problem := range all[i].Problems() {
			at := fmt.Sprintf("%s[%d]", path, i)
			if problem.Path != "" {
				at += "." + problem.Path
			}
			p.add(at, problem.Message, problem.Want)
		}
	}
}
