// SPDX-License-Identifier: Apache-2.0

// Package schema says what a switch can be configured to be: a tree of nodes,
// each with its type, its help, an example and its constraints. It is data
// (YAML, embedded for what every switch has, brought by services with their
// images for the rest), and the only place where a word of the configuration is
// defined: validation, completion, help, the API and the documentation are read
// from it.
//
// It holds no configuration (package tree does) and checks no constraints
// between values (package validate does); it checks single values.
//
//	s, err := schema.Base()
//	node, err := s.Find("system", "hostname")
//	name, err := node.Type.Parse("edge1")
//
// # The form of a file
//
// A file is a mapping with one field, nodes: names to nodes. What fields a
// node has says what it is: keys make it a list, type and many a leaf-list, type
// alone a leaf, and nodes alone a container.
//
//	nodes:
//	  vlans:
//	    help: VLANs of the switch
//	    keys:
//	      - {name: id, type: vlan, help: VLAN id, example: "10"}
//	    nodes:
//	      description: {type: string, help: What it is for, example: offices}
package schema
