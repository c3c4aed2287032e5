// SPDX-License-Identifier: Apache-2.0

package verdicts

import (
	"bytes"
	"encoding/json"

	"github.com/linkspan/linkspan"
)

// document is a policy as a file has it (docs/guide/policies.md).
type document struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec spec `json:"spec"`
}

type spec struct {
	Priority uint16                 `json:"priority"`
	Action   linkspan.PolicyAction  `json:"action"`
	From     []linkspan.Selector    `json:"from,omitempty"`
	To       []linkspan.Selector    `json:"to,omitempty"`
	Ports    []linkspan.PolicyPorts `json:"ports,omitempty"`
}

// File returns the scene's policies as a file for linkspan policy apply; it is empty
// when there are none.
func (s *Scene) File() ([]byte, error) {
	var file bytes.Buffer
	for i := range s.Policies {
		p := &s.Policies[i]
		d := document{APIVersion: "linkspan/v1", Kind: "Policy", Spec: spec{p.Priority, p.Action, p.From, p.To, p.Ports}}
		d.Metadata.Name = p.Name
		text, err := json.Marshal(d) // which is YAML
		if err != nil {
			return nil, err
		}
		file.WriteString("---\n")
		file.Write(append(text, '\n'))
	}
	return file.Bytes(), nil
}
