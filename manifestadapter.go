// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Kinds of what adapters print.
const (
	JSONOutput = "json" // the answer is what is printed
	TextOutput = "text" // the answer is {"text": what is printed}
)

// Adapter turns a call into a command that is run in the member's container, without a shell.
//
// {NAME} in a word stands for the argument's value. A word with an argument that was not given
// is left out whole. Inside of a longer word, as in "show ip route {prefix} json", only values
// without blanks and quotes are put, so that who reads the word sees one argument.
type Adapter struct {
	Command []string `json:"command"`
	Output  string   `json:"output,omitempty"` // json or text, which is the default
	Timeout Duration `json:"timeout,omitzero"` // default 10 s
}

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9-]*)\}`)

// within are values that stay one word inside of a longer one, whatever reads it.
var within = regexp.MustCompile(`^[A-Za-z0-9_.:/@+%,-]+$`)

// Argv checks the arguments of a call and returns the command of its adapter, one word an
// element. Errors have code Invalid; the hint says what is expected.
func (c *Call) Argv(values map[string]string) ([]string, error) {
	if c.Adapter == nil {
		return nil, invalid("call %s has no adapter", c.Name)
	}
	if err := c.Check(values); err != nil {
		return nil, err
	}
	argv := make([]string, 0, len(c.Adapter.Command))
	for _, w := range c.Adapter.Command {
		filled, all, err := fill(w, values)
		if err != nil {
			return nil, err
		}
		if all {
			argv = append(argv, filled)
		}
	}
	return argv, nil
}

// Check says whether the arguments are those that the call takes: none that it does not know,
// all that it needs, each of its type.
func (c *Call) Check(values map[string]string) error {
	for _, a := range c.Arguments {
		value, given := values[a.Name]
		if !given {
			if a.Required {
				return &Error{Code: Invalid, Message: "argument " + a.Name + " is missing", Hint: "expected " + a.Expected()}
			}
			continue
		}
		if err := a.Check(value); err != nil {
			return err
		}
	}
	for name := range values {
		if !slices.ContainsFunc(c.Arguments, func(a Argument) bool { return a.Name == name }) {
			return &Error{Code: Invalid, Message: "call " + c.Name + " has no argument " + quote(shorten(name)), Hint: c.takes()}
		}
	}
	return nil
}

func (c *Call) takes() string {
	names := make([]string, len(c.Arguments))
	for i, a := range c.Arguments {
		names[i] = a.Name
	}
	if len(names) == 0 {
		return "it takes none"
	}
	return "it takes " + strings.Join(names, ", ")
}

// fill puts values into a word; all says that none was missing.
func fill(w string, values map[string]string) (filled string, all bool, err error) {
	all = true
	filled = placeholder.ReplaceAllStringFunc(w, func(at string) string {
		name := at[1 : len(at)-1]
		value, given := values[name]
		all = all && given
		if given && at != w && !within.MatchString(value) {
			err = &Error{Code: Invalid, Message: "argument " + name + " has blanks or signs that it cannot have here", Hint: "use letters, digits and _.:/@+%,-"}
		}
		return value
	})
	return filled, all, err
}

// adapter checks the adapter of a call.
func (p *problems) adapter(at string, c *Call) {
	p.words(at+".command", c.Adapter.Command)
	for i, w := range c.Adapter.Command {
		for _, name := range placeholder.FindAllStringSubmatch(w, -1) {
			switch {
			case i == 0:
				p.add(at+".command[0]", "the program is an argument", "a program of the image")
			case !slices.ContainsFunc(c.Arguments, func(a Argument) bool { return a.Name == name[1] }):
				p.add(fmt.Sprintf("%s.command[%d]", at, i), "there is no argument "+quote(name[1]), "an argument of the call")
			}
		}
	}
	if o := c.Adapter.Output; o != "" && o != JSONOutput && o != TextOutput {
		p.add(at+".output", quote(shorten(o))+" is not known", "json or text")
	}
	p.atMost(at+".timeout", c.Adapter.Timeout, 10*time.Minute)
}
