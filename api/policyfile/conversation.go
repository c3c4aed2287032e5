// SPDX-License-Identifier: Apache-2.0

package policyfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Conversation is what one line of a list of conversations asks about.
type Conversation struct {
	From, To          string // an endpoint's name or an address
	Ports             linkspan.PolicyPorts
	File              string
	yamlfile.Position // of the line's first word
}

const wantConversation = "FROM TO PORTS, as in web1 h2/db1.back tcp/5432"

// ReadConversations reads a list of conversations: one a line, from whom, to whom
// and what, divided by spaces; what stands after a # is a comment. The error is
// [yamlfile.Problems].
func ReadConversations(file string, text []byte) ([]Conversation, error) {
	if err := yamlfile.TooLong(file, text, MaxFile); err != nil {
		return nil, err
	}
	var wrong yamlfile.Problems
	var all []Conversation
	for i, line := range bytes.Split(text, []byte("\n")) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		words := strings.Fields(string(line))
		if len(words) == 0 {
			continue
		}
		c := Conversation{File: file, Position: yamlfile.Position{Line: i + 1, Column: yamlfile.Column(line, 1)}}
		if len(words) != 3 {
			wrong = append(wrong, yamlfile.Problem{File: file, Position: c.Position, Message: fmt.Sprintf("there are %d words", len(words)), Want: wantConversation})
			continue
		}
		ports, err := linkspan.ParsePolicyPorts(words[2])
		if err != nil {
			at := utf8.RuneCountInString(string(line[:strings.LastIndex(string(line), words[2])])) + 1
			wrong = append(wrong, yamlfile.Problem{File: file, Position: yamlfile.Position{Line: i + 1, Column: at}, Message: err.Error(), Want: linkspan.WantPorts})
			continue
		}
		c.From, c.To, c.Ports = words[0], words[1], ports
		all = append(all, c)
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	return all, nil
}
