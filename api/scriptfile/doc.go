// SPDX-License-Identifier: Apache-2.0

// Package scriptfile reads behavior scripts as people write them, in YAML, and writes them
// so. It is as strict as package yamlfile: what is not understood is refused with
// file, line and column, and what was expected. It knows no switch: whether there are such
// switches, images and configuration others say.
//
//	script, err := scriptfile.Read("branch.yaml", text)
//	var wrong yamlfile.Problems
//	if errors.As(err, &wrong) { ... } // each with its line and column
//
// A file has one script:
//
//	apiVersion: linkspan/v1
//	kind: Behavior
//	metadata: {name: branch}
//	spec:
//	  targets: {labels: {site: branch}}
//	  configuration: [set vlans 10 description offices]
//	  composites:
//	    - name: edge
//	      attach: [{interface: eth0, vlan: 10, addresses: [192.0.2.1/24]}]
//	      services: [{name: routing, image: "base/routing:1.0", capabilities: [NET_ADMIN]}]
package scriptfile
