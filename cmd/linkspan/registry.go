// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	"github.com/linkspan/linkspan/registry/login"
)

// registryTarget says which registry a command speaks to.
type registryTarget struct {
	app  *app
	host string
}

// addFlags declares the flag for a noun and its verbs.
func (t *registryTarget) addFlags(c *cobra.Command) {
	c.PersistentFlags().StringVar(&t.host, "registry", os.Getenv("LINKSPAN_REGISTRY"), "speak to the registry at this `address`, as who logged in there (LINKSPAN_REGISTRY; default: the one on this host)")
	c.PersistentFlags().Lookup("registry").DefValue = "" // help is the same in every environment
}

// client connects to: the registry that was named; the socket that was named; this
// host's own registry.
func (t *registryTarget) client() (*api.Client, error) {
	if t.host != "" {
		return login.Here().API(t.host)
	}
	if socket := t.app.target.socket; socket != "" {
		return api.Unix(socket), nil
	}
	if answersNow(registrySocket) {
		return api.Unix(registrySocket), nil
	}
	return nil, &linkspan.Error{
		Code: linkspan.Unavailable, Message: "no registry runs on this host",
		Hint: "start one with linkspan serve registry, or name one with --registry after linkspan login",
	}
}

// with gives a command its client.
func (t *registryTarget) with(do func(*cobra.Command, *api.Client, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		client, err := t.client()
		if err != nil {
			return err
		}
		defer client.Close()
		return do(cmd, client, args)
	}
}

// complete offers what is asked of the registry.
func (t *registryTarget) complete(ask func(*cobra.Command, *api.Client) []string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		client, err := t.client()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		defer client.Close()
		return ask(cmd, client), cobra.ShellCompDirectiveNoFileComp
	}
}
