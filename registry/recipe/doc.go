// SPDX-License-Identifier: Apache-2.0

// Package recipe says how images are made: what is in one, of which packages, files and
// programs, on which other one, and its manifest. A recipe is a folder with a file
// recipe.yaml, which is read strictly, and files beside it; a lock file says which versions
// of packages it is made of. The recipes of this project's own images are embedded.
//
// It makes nothing (package build does) and knows no registry.
//
//	r, err := recipe.Read(recipe.Embedded("base/routing"))
//	fmt.Println(r.Name, r.Version, r.Packages)
//
// A recipe:
//
//	apiVersion: linkspan/v1
//	kind: Recipe
//	name: shop/dns
//	version: 1.0.0
//	base: base/dns-dhcp
//	date: 2026-11-01
//	files:
//	  - {path: /etc/linkspan/hosts, from: hosts}
//	manifest:
//	  services: [...]
package recipe
