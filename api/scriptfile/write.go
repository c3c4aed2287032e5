// SPDX-License-Identifier: Apache-2.0

package scriptfile

import (
	"bytes"
	"encoding/json"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api/yamlfile"
)

// Write returns a script as [Read] reads it, with its fields in the order of the words.
func Write(s *linkspan.Script) ([]byte, error) {
	type metadata struct {
		Name   string            `json:"name"`
		Labels map[string]string `json:"labels,omitempty"`
	}
	text, err := json.Marshal(struct {
		APIVersion string   `json:"apiVersion"`
		Kind       string   `json:"kind"`
		Metadata   metadata `json:"metadata"`
		Spec       spec     `json:"spec"`
	}{
		yamlfile.APIVersion, Kind, metadata{s.Name, s.Labels},
		spec{s.Targets, s.Configure, s.Composites, s.Rollout, s.Gates, s.Window},
	})
	if err != nil {
		return nil, fmt.Errorf("write script %s: %w", s.Name, err)
	}
	var node yaml.Node // JSON is YAML (YAML 1.2.2, 1.2); a node keeps the order of fields
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("write script %s: %w", s.Name, err)
	}
	block(&node)
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	if err := e.Encode(&node); err != nil {
		return nil, fmt.Errorf("write script %s: %w", s.Name, err)
	}
	return out.Bytes(), e.Close()
}

// block gives a node the style that people write: lines, and quotes only where they are needed.
func block(n *yaml.Node) {
	n.Style = 0
	for _, c := range n.Content {
		block(c)
	}
}
