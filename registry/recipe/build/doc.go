// SPDX-License-Identifier: Apache-2.0

// Package build makes images of recipes: packages by apt, files and static programs become
// one layer on those of the base, and with the manifest an OCI image and a list of what is in
// it (an SBOM). It needs no Docker and no rights. The same recipe with the same lock gives the
// same digest, as long as the program is built with the same Go; what was made once is cached.
//
//	b := &build.Builder{Cache: "/home/ann/.cache/linkspan"}
//	image, err := b.Build(ctx, recipe.Embedded("base/routing"))
//	err = image.WriteLayout("./routing")
package build
