// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// Executor runs commands in the containers of members.
type Executor interface {
	// Exec runs a command of a member, without a shell, and returns what it printed, of each
	// stream at most limit bytes. The error is Exhausted when it printed more, NotFound without such
	// a member; that the command failed is no error.
	Exec(ctx context.Context, member string, command []string, limit int) (Output, error)
}

// Output is how a command ended.
type Output struct {
	Stdout, Stderr []byte
	Status         int
}

// Bounds of a command.
const (
	adapterTime = 10 * time.Second // unless its adapter says so
	maxOutput   = 1 << 20          // bytes
)

// outputJSON is the form of answers that are JSON already.
const outputJSON = "json"

// place is where the value of an argument stands in a word.
func place() *regexp.Regexp { return regexp.MustCompile(`( ?)\{([A-Za-z0-9][A-Za-z0-9_.-]*)\}`) }

// validateCall says whether a call is well declared.
func validateCall(service string, c *linkspan.Call) error {
	byName := map[string]*linkspan.Argument{}
	for i := range c.Arguments {
		a := &c.Arguments[i]
		if err := validateArgument(a); err != nil {
			return fmt.Errorf("call %s/%s: %w", service, c.Name, err)
		}
		byName[a.Name] = a
	}
	if c.Adapter == nil {
		return nil
	}
	if len(c.Adapter.Command) == 0 || c.Adapter.Command[0] == "" {
		return invalid("the adapter of call %s/%s has no command", service, c.Name)
	}
	if o := c.Adapter.Output; o != "" && o != outputJSON && o != "text" {
		return invalid("output %q of call %s/%s is neither json nor text", o, service, c.Name)
	}
	for i, word := range c.Adapter.Command {
		for _, found := range place().FindAllStringSubmatch(word, -1) {
			a := byName[found[2]]
			switch {
			case a == nil:
				return invalid("the command of call %s/%s needs an argument %q that it does not declare", service, c.Name, found[2])
			case i == 0:
				return invalid("the program of call %s/%s cannot be an argument", service, c.Name)
			case word != "{"+a.Name+"}" && a.Type == typeString && a.Pattern == "" && len(a.OneOf) == 0:
				return invalid("argument %s of call %s/%s stands within a word and so needs a pattern", a.Name, service, c.Name)
			}
		}
	}
	return nil
}

// commandOf returns a command with its arguments in their places. A word that is the place of an argument
// that was not given is left out; within a word it is left out with the space before it.
func commandOf(a *linkspan.Adapter, arguments map[string]string) []string {
	places := place()
	words := make([]string, 0, len(a.Command))
	for _, word := range a.Command {
		only := places.FindStringSubmatch(word)
		if only != nil && only[0] == word && only[1] == "" {
			if value, there := arguments[only[2]]; there {
				words = append(words, value)
			}
			continue
		}
		words = append(words, places.ReplaceAllStringFunc(word, func(found string) string {
			m := places.FindStringSubmatch(found)
			if value, there := arguments[m[2]]; there {
				return m[1] + value
			}
			return ""
		}))
	}
	return words
}

// adapt makes a call by a command, and returns the answer in JSON.
func (g *Gateway) adapt(ctx context.Context, s *Service, c *linkspan.Call, arguments map[string]string) ([]byte, error) {
	if g.options.Exec == nil {
		return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: "nothing runs commands here"}
	}
	limit := time.Duration(c.Adapter.Timeout)
	if limit <= 0 {
		limit = adapterTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := g.options.Exec.Exec(ctx, s.Member, commandOf(c.Adapter, arguments), maxOutput)
	if err != nil {
		if ctx.Err() != nil {
			return nil, &linkspan.Error{Code: linkspan.Unavailable, Message: fmt.Sprintf("%s/%s took longer than %s", s.Name, c.Name, limit), Err: err}
		}
		return nil, err
	}
	if out.Status != 0 {
		return nil, &linkspan.Error{Code: linkspan.Internal, Message: fmt.Sprintf("%s/%s: status %d: %s", s.Name, c.Name, out.Status, said(out))}
	}
	if c.Adapter.Output == outputJSON {
		if !json.Valid(out.Stdout) {
			return nil, &linkspan.Error{Code: linkspan.Internal, Message: fmt.Sprintf("%s/%s printed no JSON: %s", s.Name, c.Name, said(out))}
		}
		return out.Stdout, nil
	}
	return json.Marshal(map[string]string{"text": string(out.Stdout)})
}

// said is the last thing that a command said, for people.
func said(o Output) string {
	const most = 300
	lines := strings.FieldsFunc(string(slices.Concat(o.Stdout, o.Stderr)), func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return "it said nothing"
	}
	return strings.ToValidUTF8(fmt.Sprintf("%.*s", most, lines[len(lines)-1]), "?")
}
