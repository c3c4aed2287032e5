// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"text/template"
	"text/template/parse"

	"github.com/linkspan/linkspan"
)

// parsed returns a template in which no action prints a value as it is.
func parsed(name, text string) (*template.Template, error) {
	t, err := template.New(name).Option("missingkey=error").Funcs(functions).Parse(text)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "the template is not understood", Err: err}
	}
	for _, one := range t.Templates() {
		if err := guarded(one.Root); err != nil {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Message: "template of " + name, Hint: "end the action with word, line or seconds", Err: err}
		}
	}
	return t, nil
}

// Check says whether a template can be used. The error has code Invalid.
func Check(r linkspan.Rendering) error {
	_, err := parsed(r.File, r.Template)
	return err
}

// guarded looks for an action that prints what nobody has looked at.
func guarded(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, child := range n.Nodes {
			if err := guarded(child); err != nil {
				return err
			}
		}
	case *parse.ActionNode:
		if len(n.Pipe.Decl) == 0 && !escapes(n.Pipe) {
			return fmt.Errorf("%s prints a value as it is", n)
		}
	case *parse.IfNode:
		return both(n.List, n.ElseList)
	case *parse.RangeNode:
		return both(n.List, n.ElseList)
	case *parse.WithNode:
		return both(n.List, n.ElseList)
	}
	return nil
}

func both(a, b *parse.ListNode) error {
	if err := guarded(a); err != nil {
		return err
	}
	return guarded(b)
}

// escapes says whether the last command of a pipeline is one that guards.
func escapes(p *parse.PipeNode) bool {
	last := p.Cmds[len(p.Cmds)-1]
	name, ok := last.Args[0].(*parse.IdentifierNode)
	return ok && guards[name.Ident]
}
