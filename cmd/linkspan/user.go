// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cmd/linkspan/output"
	"github.com/linkspan/linkspan/trust"
)

// userRow is a user of a registry as it is printed.
type userRow struct {
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	Grants  []string  `json:"grants"` // none: what the role may, everywhere
	Created time.Time `json:"created"`
	Changed time.Time `json:"changed"`
}

var userTable = output.Table[userRow]{
	Name: func(u userRow) string { return u.Name },
	Columns: []output.Column[userRow]{
		{Title: "USER", Value: func(u userRow) string { return u.Name }},
		{Title: "ROLE", Value: func(u userRow) string { return u.Role }},
		{Title: "GRANTS", Value: func(u userRow) string { return orDash(u.Grants) }},
		{Title: "CHANGED", Value: func(u userRow) string { return u.Changed.Local().Format(time.DateTime) }},
	},
}

func (a *app) userCommand() *cobra.Command {
	t := &registryTarget{app: a}
	c := noun("user", "who may use a registry", a.userCreate(t), a.userLs(t), a.userRm(t), a.userPasswd(t), a.userGrant(t), a.userRevoke(t))
	c.Long = `Users of a registry have a role: a viewer pulls, an operator pulls, pushes and deletes, and an
administrator may do everything. Grants narrow this to repositories: 'team/*:pull,push' is pull and push in the
repositories of team, where * stands for any text without a slash and ** for any text.
The users of a switch are part of its configuration: set system users.`
	t.addFlags(c)
	return c
}

func (a *app) userCreate(t *registryTarget) *cobra.Command {
	req := &apiv1.RegistryServiceCreateUserRequest{}
	c := &cobra.Command{
		Use: "create NAME", Short: "add a user", Args: exactly(1),
		Long:    "Add a user. The password is asked for; where standard input is no terminal its first line is\nthe password.",
		Example: "  linkspan user create ann --role admin\n  pass show ci | linkspan user create ci --role operator --grant 'team/*:pull,push'",
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) (err error) {
			req.Name = args[0]
			if req.Password, err = a.askPassword(cmd.Context()); err != nil {
				return err
			}
			_, err = client.Registry.CreateUser(cmd.Context(), connect.NewRequest(req))
			return err
		}),
	}
	c.Flags().StringVar(&req.Role, "role", string(trust.RoleViewer), "viewer, operator or admin (`role`)")
	c.Flags().StringArrayVar(&req.Grants, "grant", nil, "repositories and what may be done there (`grant`), 'team/*:pull,push'; may be repeated (default: what the role may, everywhere)")
	_ = c.RegisterFlagCompletionFunc("role", completeRoles)
	return c
}

func completeRoles(*cobra.Command, []string, string) (names []string, _ cobra.ShellCompDirective) {
	for _, r := range trust.Roles() {
		names = append(names, string(r))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) userLs(t *registryTarget) *cobra.Command {
	var o output.Options
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "list users", Args: exactly(0), Example: "  linkspan user ls",
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, _ []string) error {
			r, err := client.Registry.ListUsers(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceListUsersRequest{}))
			if err != nil {
				return err
			}
			rows := make([]userRow, len(r.Msg.GetUsers()))
			for i, u := range r.Msg.GetUsers() {
				rows[i] = userRow{u.GetName(), u.GetRole(), append([]string{}, u.GetGrants()...), u.GetCreated().AsTime(), u.GetChanged().AsTime()}
			}
			return userTable.Print(a.out, o, rows)
		}),
	}
	o.AddFlags(c.Flags(), true)
	return c
}

func (a *app) userRm(t *registryTarget) *cobra.Command {
	return &cobra.Command{
		Use: "rm NAME...", Aliases: []string{"remove"}, Short: "remove users", Args: atLeast(1),
		Long:              "Remove users. Tokens that a user was given are good for at most five minutes more.",
		Example:           "  linkspan user rm bob",
		ValidArgsFunction: t.complete(userNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			for _, name := range args {
				if _, err := client.Registry.RemoveUser(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceRemoveUserRequest{Name: name})); err != nil {
					return err
				}
			}
			return nil
		}),
	}
}

func (a *app) userPasswd(t *registryTarget) *cobra.Command {
	return &cobra.Command{
		Use: "passwd NAME", Short: "give a user another password", Args: exactly(1),
		Long:              "Give a user another password: administrators to everybody, others to themselves. It is asked for;\nwhere standard input is no terminal its first line is the password.",
		Example:           "  linkspan user passwd ann\n  linkspan user passwd bob --registry registry.example.org:5000",
		ValidArgsFunction: t.complete(userNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			typed, err := a.askPassword(cmd.Context())
			if err != nil {
				return err
			}
			_, err = client.Registry.SetPassword(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceSetPasswordRequest{Name: args[0], Password: typed}))
			return err
		}),
	}
}

func (a *app) userGrant(t *registryTarget) *cobra.Command {
	return &cobra.Command{
		Use: "grant NAME GRANT...", Short: "let a user do more", Args: atLeast(2),
		Long:              "Add grants. A user without any may do what the role may, everywhere; the first one takes the\nplace of that.",
		Example:           "  linkspan user grant ci 'team/*:pull,push' 'base/**:pull'",
		ValidArgsFunction: t.complete(userNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Registry.Grant(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceGrantRequest{Name: args[0], Grants: args[1:]}))
			return err
		}),
	}
}

func (a *app) userRevoke(t *registryTarget) *cobra.Command {
	return &cobra.Command{
		Use: "revoke NAME GRANT...", Short: "let a user do less", Args: atLeast(2),
		Long:              "Take actions away from grants, by their pattern. It is in effect when the tokens that the user\nhas expire, after at most five minutes.",
		Example:           "  linkspan user revoke ci 'team/*:push'",
		ValidArgsFunction: t.complete(userNames),
		RunE: t.with(func(cmd *cobra.Command, client *api.Client, args []string) error {
			_, err := client.Registry.Revoke(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceRevokeRequest{Name: args[0], Grants: args[1:]}))
			return err
		}),
	}
}

// userNames are the names of all users.
func userNames(cmd *cobra.Command, client *api.Client) (names []string) {
	r, err := client.Registry.ListUsers(cmd.Context(), connect.NewRequest(&apiv1.RegistryServiceListUsersRequest{}))
	if err != nil {
		return nil
	}
	for _, u := range r.Msg.GetUsers() {
		names = append(names, u.GetName())
	}
	return names
}
