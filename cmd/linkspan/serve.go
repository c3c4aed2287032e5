// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/spf13/cobra"

func (a *app) serveCommand() *cobra.Command {
	c := noun("serve", "run a role on this host", a.serveController(), a.serveSwitch(), a.serveRegistry(), a.serveAll(), a.servePlugin())
	c.Example = `  linkspan serve controller
  linkspan serve switch --join-file token
  linkspan serve registry
  linkspan serve all                          a controller and a switch, on one host`
	return c
}
