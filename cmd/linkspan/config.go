// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/tree"
)

func (a *app) configCommand() *cobra.Command {
	c := noun(
		"config", "this host's switch: its own configuration",
		a.configShow(), a.configChange("set", "set a value, or make an entry"), a.configChange("delete", "delete what is configured"),
		a.configEdit(), a.configLoad(), a.configMerge(), a.configSave(), a.configCompare(), a.configCheck(), a.configCommit(),
		a.configSimple("confirm", "keep what was committed to be confirmed", func(ctx context.Context, c *api.Client) (string, error) {
			_, err := c.Config.Confirm(ctx, connect.NewRequest(&apiv1.ConfigServiceConfirmRequest{}))
			return "confirmed", err
		}),
		a.configSimple("return", "go back to what ran before that at once", func(ctx context.Context, c *api.Client) (string, error) {
			r, err := c.Config.Return(ctx, connect.NewRequest(&apiv1.ConfigServiceReturnRequest{}))
			if err != nil {
				return "", err
			}
			return fmt.Sprintf("revision %d runs, which is revision %d again", r.Msg.GetRevision().GetNumber(), r.Msg.GetRevision().GetOf()), nil
		}),
		a.configRollback(),
		a.configSimple("discard", "begin again with what runs", func(ctx context.Context, c *api.Client) (string, error) {
			_, err := c.Config.Discard(ctx, connect.NewRequest(&apiv1.ConfigServiceDiscardRequest{}))
			return "discarded", err
		}),
		a.configHistory(), a.configSessions(), a.configDrift(),
		a.configSimple("reapply", "make the host as configured again", func(ctx context.Context, c *api.Client) (string, error) {
			_, err := c.Config.Reapply(ctx, connect.NewRequest(&apiv1.ConfigServiceReapplyRequest{}))
			return "reapplied", err
		}),
		a.configSimple("lock", "keep all others from editing", func(ctx context.Context, c *api.Client) (string, error) {
			_, err := c.Config.Lock(ctx, connect.NewRequest(&apiv1.ConfigServiceLockRequest{}))
			return "locked", err
		}),
		a.configSimple("unlock", "let others edit again", func(ctx context.Context, c *api.Client) (string, error) {
			_, err := c.Config.Unlock(ctx, connect.NewRequest(&apiv1.ConfigServiceUnlockRequest{}))
			return "unlocked", err
		}),
	)
	c.Long = `Edit the configuration of this host's switch. What is set and deleted collects in a
candidate of your own, over any number of commands, until it is committed: all of it or
nothing. What can be configured is in docs/reference/configuration.md.`
	c.Example = `  linkspan config set system hostname edge1
  linkspan config compare
  linkspan config commit --comment "a name" --confirm 5m
  linkspan config confirm`
	return c
}

// configured runs something with a client.
func (a *app) configured(ctx context.Context, do func(ctx context.Context, c *api.Client) error) error {
	client, err := a.switchClient(ctx, "cli")
	if err != nil {
		return err
	}
	defer client.Close()
	return api.FromRPC(do(ctx, client))
}

// configSimple is a verb without arguments that says what it did.
func (a *app) configSimple(use, short string, do func(ctx context.Context, c *api.Client) (string, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: exactly(0), Example: "  linkspan config " + use,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				done, err := do(ctx, c)
				if err == nil {
					fmt.Fprintln(a.out, done)
				}
				return err
			})
		},
	}
}

// configChange is set and delete.
func (a *app) configChange(verb, short string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " PATH...", Short: short + " in the candidate", Args: atLeast(1), DisableFlagsInUseLine: true,
		Example: map[string]string{
			"set":    "  linkspan config set vlans 10 description offices\n  linkspan config set ports eth5 mode trunk",
			"delete": "  linkspan config delete vlans 10",
		}[verb],
		ValidArgsFunction: a.completeConfig(map[string]apiv1.ConfigTakes{
			"set": apiv1.ConfigTakes_CONFIG_TAKES_SETTING, "delete": apiv1.ConfigTakes_CONFIG_TAKES_EXISTING,
		}[verb]),
		RunE: func(cmd *cobra.Command, args []string) error {
			text := []byte(verb + " " + tree.Join(args) + "\n")
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				_, err := c.Config.Change(ctx, connect.NewRequest(&apiv1.ConfigServiceChangeRequest{Form: apiv1.ConfigForm_CONFIG_FORM_SET, Text: text}))
				return err
			})
		},
	}
}

// completeConfig completes words of a path in the shell of the host.
func (a *app) completeConfig(takes apiv1.ConfigTakes) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, last string) (found []string, _ cobra.ShellCompDirective) {
		line := tree.Join(append(slices.Clone(args), last))
		if last == "" {
			line = tree.Join(args) + " "
		}
		err := a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
			r, err := c.Config.Complete(ctx, connect.NewRequest(&apiv1.ConfigServiceCompleteRequest{
				Source: apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE, Takes: takes, Line: line,
			}))
			if err != nil {
				return err
			}
			for _, one := range r.Msg.GetCandidates() {
				if one.GetText() != "" {
					found = append(found, cobra.CompletionWithDesc(one.GetText(), one.GetHelp()))
				}
			}
			return nil
		})
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// configForm is the value of --form.
type configForm struct{ form apiv1.ConfigForm }

var configForms = map[string]apiv1.ConfigForm{
	"set": apiv1.ConfigForm_CONFIG_FORM_SET, "yaml": apiv1.ConfigForm_CONFIG_FORM_YAML, "json": apiv1.ConfigForm_CONFIG_FORM_JSON,
}

// String implements pflag.Value.
func (f *configForm) String() string {
	for name, form := range configForms {
		if form == f.form {
			return name
		}
	}
	return ""
}

// Set implements pflag.Value.
func (f *configForm) Set(name string) error {
	form, ok := configForms[name]
	if !ok {
		return fmt.Errorf("there is no form %q: set, yaml or json", name)
	}
	f.form = form
	return nil
}

// Type implements pflag.Value.
func (*configForm) Type() string { return "form" }

func (a *app) configShow() *cobra.Command {
	form := configForm{apiv1.ConfigForm_CONFIG_FORM_YAML}
	req := &apiv1.ConfigServiceGetRequest{}
	var candidate bool
	c := &cobra.Command{
		Use: "show [PATH...]", Short: "show what runs, the candidate, or a revision", Args: atLeast(0),
		Example:           "  linkspan config show\n  linkspan config show vlans 10 --form set\n  linkspan config show --revision 41",
		ValidArgsFunction: a.completeConfig(apiv1.ConfigTakes_CONFIG_TAKES_EXISTING),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Path, req.Form = args, form.form
			switch {
			case candidate && req.Revision > 0:
				return usageError{fmt.Errorf("--candidate and --revision: only one of them")}
			case candidate:
				req.Source = apiv1.ConfigSource_CONFIG_SOURCE_CANDIDATE
			case req.Revision > 0:
				req.Source = apiv1.ConfigSource_CONFIG_SOURCE_REVISION
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Get(ctx, connect.NewRequest(req))
				if err != nil {
					return err
				}
				_, err = a.out.Write(r.Msg.GetText())
				return err
			})
		},
	}
	c.Flags().BoolVar(&candidate, "candidate", false, "what is edited, instead of what runs")
	c.Flags().Uint32Var(&req.Revision, "revision", 0, "the revision of this `number`")
	c.Flags().BoolVar(&req.Secrets, "secrets", false, "with its secrets; for administrators")
	c.Flags().Var(&form, "form", "as set commands, yaml or json (`form`)")
	return c
}

func (a *app) configCompare() *cobra.Command {
	req := &apiv1.ConfigServiceCompareRequest{}
	c := &cobra.Command{
		Use: "compare", Short: "show what the candidate changes, or what differs between revisions", Args: exactly(0),
		Example: "  linkspan config compare\n  linkspan config compare --from 40 --to 41 --commands",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				r, err := c.Config.Compare(ctx, connect.NewRequest(req))
				if err != nil {
					return err
				}
				_, err = fmt.Fprint(a.out, r.Msg.GetText())
				return err
			})
		},
	}
	c.Flags().Uint32Var(&req.From, "from", 0, "revision of this `number`, instead of what runs")
	c.Flags().Uint32Var(&req.To, "to", 0, "revision of this `number`, instead of the candidate")
	c.Flags().BoolVar(&req.Commands, "commands", false, "as set and delete commands")
	return c
}

func (a *app) configRollback() *cobra.Command {
	return &cobra.Command{
		Use: "rollback NUMBER", Short: "make an old revision the candidate", Args: exactly(1), Example: "  linkspan config rollback 41\n  linkspan config commit",
		RunE: func(cmd *cobra.Command, args []string) error {
			number, err := strconv.ParseUint(args[0], 10, 32)
			if err != nil {
				return usageError{fmt.Errorf("%q is no number of a revision", args[0])}
			}
			return a.configured(cmd.Context(), func(ctx context.Context, c *api.Client) error {
				_, err := c.Config.Rollback(ctx, connect.NewRequest(&apiv1.ConfigServiceRollbackRequest{Revision: uint32(number)}))
				return err
			})
		},
	}
}
