// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func (a *app) imageCommand() *cobra.Command {
	return noun("image", "images of network services", a.imageBuild(), a.imageRecipe())
}
